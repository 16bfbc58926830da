import CLinux
import Foundation
import Glibc

/// Strangers who knock and go away without waiting for an answer: about a thousand a second, from changing addresses, until they are told to
/// stop or have been `countMax`.
final class Flood: Sendable {
    private let count = Guarded(0)
    private let isOver = Guarded(false)
    private let done = Awaited<Bool>()

    private static let countMax = 60_000

    init(at port: UInt16) {
        Thread.detachNewThread { [count, isOver, done] in
            let pause = Awaited<Bool>()
            var number = 0
            while !isOver.value, number < Self.countMax {
                Self.knock(at: port, from: "127.9.\(number % 200).\(1 + number / 200 % 200)")
                number += 1
                count.change { $0 = number }
                if number % 8 == 0 { _ = pause.wait(seconds: 0.005) }
            }
            done.resolve(true)
        }
    }

    var soFar: Int { count.value }

    /// Blocks until so many have knocked; false if that takes longer than a minute.
    func wait(for number: Int) -> Bool {
        count.wait(seconds: 60) { $0 >= number }
    }

    func stop() {
        isOver.change { $0 = true }
        _ = done.wait(seconds: 60)
    }

    /// One packet.
    static func knock(at port: UInt16, from source: String) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // Nobody waits for the end of it.
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        var flag: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &flag, socklen_t(MemoryLayout<Int32>.size))
        guard var own = try? SocketName(source, port: 0), var peer = try? SocketName("127.0.0.1", port: port) else { return }
        guard unsafe own.withPointer({ unsafe bind(descriptor, $0, $1.pointee) }) == 0 else { return }
        _ = unsafe peer.withPointer { unsafe connect(descriptor, $0, $1.pointee) }
    }
}
