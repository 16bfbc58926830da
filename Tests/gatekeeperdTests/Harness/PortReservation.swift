import CLinux
import Glibc

/// A port of 127.0.0.1 that nobody else is given while this lives.
///
/// For servers that must be told their port: the reserved one is bound and never listens, so another socket with SO_REUSEADDR may
/// still bind and listen, and until one does, connecting to it is refused.
struct PortReservation: ~Copyable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        var name = try SocketName("127.0.0.1", port: 0)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var one: Int32 = 1
        // SAFETY: the kernel reads one `int` and keeps no pointer.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard unsafe name.withPointer({ unsafe bind(descriptor, $0, $1.pointee) }) == 0 else {
            throw Failure("cannot reserve a port: error \(errno)")
        }
        self.descriptor = descriptor
        port = SocketName(of: descriptor).port
    }

    deinit {
        close(descriptor)
    }
}
