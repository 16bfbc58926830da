import Foundation

/// A log daemon's socket: what is sent there waits until a test takes it.
final class FakeSyslog {
    let path: String
    private let descriptor: Int32

    /// - Parameter path: where a former one stood, which this one replaces.
    init(at path: String? = nil) throws {
        self.path = path ?? NSTemporaryDirectory() + "gatekeeper-syslog-" + UUID().uuidString.prefix(8)
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        unsafe unlink(self.path)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: the path is shorter than the array, whose rest stays zero.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: self.path.utf8) }
        // SAFETY: the structure begins with the family, as every socket address does, and the length is its own.
        let outcome = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard outcome == 0 else { throw POSIXError(.EADDRINUSE) }
    }

    deinit {
        close(descriptor)
        unsafe unlink(path)
    }

    /// Everything that has arrived.
    func datagrams() -> [String] {
        var all: [String] = []
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return all }
            all.append(String(decoding: bytes.prefix(count), as: UTF8.self))
        }
    }
}
