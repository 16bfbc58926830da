import CLinux
import Glibc

/// A port whose queue of connections is full and stays so: the kernel ignores whoever else asks, as a host that is overloaded or gone.
final class FullBacklog {
    let port: UInt16
    private let listener: Int32
    private var waiting: [Int32] = []

    init() throws {
        var name = try SocketName("127.0.0.1", port: 0)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let listener = listener
        let isListening = unsafe name.withPointer { unsafe bind(listener, $0, $1.pointee) } == 0 && listen(listener, 0) == 0
        name = SocketName(of: listener)
        port = name.port
        guard isListening else { throw Failure("cannot listen: error \(errno)") }
        // A queue of length 0 takes one; the others are on their way for ever.
        for _ in 1...4 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            unsafe name.withPointer { unsafe connect(descriptor, $0, $1.pointee) }
            waiting.append(descriptor)
        }
    }

    deinit {
        for descriptor in waiting { close(descriptor) }
        close(listener)
    }
}
