import CLinux
import Foundation

/// A log daemon: a datagram socket under a path, from which a test takes what arrives.
final class SyslogSocket: Sendable {
    let path: String
    private let descriptor: Int32

    /// Takes the path from whoever has it.
    init(at path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        unsafe unlink(path)
        var name = try SocketName(path: path)
        guard unsafe name.withPointer({ unsafe bind(descriptor, $0, $1.pointee) }) == 0 else { throw Failure("bind: error \(errno)") }
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    /// The first datagram to come that is wanted; those before it are let go.
    @discardableResult
    func first(seconds: Double = 30, where isWanted: (String) -> Bool) throws -> String {
        let datagrams = try all(seconds: seconds, through: isWanted)
        return datagrams[datagrams.count - 1]
    }

    /// All that come up to the first that is wanted.
    func all(seconds: Double = 30, through isWanted: (String) -> Bool) throws -> [String] {
        let deadline = Date(timeIntervalSinceNow: seconds)
        var seen: [String] = []
        var bytes = [UInt8](repeating: 0, count: 256 << 10)
        while Date() < deadline {
            // SAFETY: the kernel writes at most as many bytes as the array has.
            let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
            guard count >= 0 else { continue }
            let datagram = String(decoding: bytes.prefix(count), as: UTF8.self)
            seen.append(datagram)
            if isWanted(datagram) { return seen }
        }
        throw Failure("no such datagram, but \(seen)")
    }

    /// Everything that arrives until nothing has for a second.
    func drain() -> [String] {
        var all: [String] = []
        var bytes = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            // SAFETY: the kernel writes at most as many bytes as the array has.
            let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
            guard count >= 0 else { return all }
            all.append(String(decoding: bytes.prefix(count), as: UTF8.self))
        }
    }
}
