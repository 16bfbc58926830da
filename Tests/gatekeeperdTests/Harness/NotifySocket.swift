import CLinux
import Foundation
import Glibc

/// The socket at which a service manager listens for sd_notify(3): every datagram is kept, with when it came.
final class NotifySocket: Sendable {
    struct Message: Sendable {
        let text: String
        let arrival: Date

        /// What stands behind `key=`; nil if no line does.
        subscript(key: String) -> String? {
            text.split(separator: "\n").first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
        }
    }

    /// What the service finds in its environment.
    let environment: [String: String]
    private let folder: TemporaryFolder
    private let descriptor: Int32
    private let messages = Guarded<[Message]>([])

    /// - Parameter watchdogMilliseconds: how long the manager waits for a sign of life; nil if it doesn't.
    init(watchdogMilliseconds: Int? = nil) throws {
        folder = try TemporaryFolder()
        let path = folder.file("notify")
        var name = try SocketName(path: path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard unsafe name.withPointer({ unsafe bind(descriptor, $0, $1.pointee) }) == 0 else { throw Failure("bind: error \(errno)") }
        self.descriptor = descriptor
        var environment = ["NOTIFY_SOCKET": path]
        if let watchdogMilliseconds { environment["WATCHDOG_USEC"] = "\(watchdogMilliseconds * 1_000)" }
        self.environment = environment
        let messages = messages
        Thread.detachNewThread { Self.collect(from: descriptor, messages) }
    }

    deinit {
        // Ends the thread's `recv`, which closes.
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    var all: [Message] { messages.value }

    /// Those with this key.
    func all(_ key: String) -> [Message] { all.filter { $0[key] != nil } }

    /// Waits until `isEnough` holds of all messages; true if it does in time.
    func wait(seconds: Double = 30, until isEnough: ([Message]) -> Bool) -> Bool {
        messages.wait(seconds: seconds, isEnough)
    }

    /// Waits until there are `count` messages with this key.
    func wait(for count: Int, _ key: String, seconds: Double = 30) -> Bool {
        wait(seconds: seconds) { $0.count { $0[key] != nil } >= count }
    }

    private static func collect(from descriptor: Int32, _ messages: Guarded<[Message]>) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            // SAFETY: the kernel writes at most as many bytes as the array has.
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            let message = Message(text: String(decoding: buffer[..<count], as: UTF8.self), arrival: Date())
            messages.change { $0.append(message) }
        }
        close(descriptor)
    }
}
