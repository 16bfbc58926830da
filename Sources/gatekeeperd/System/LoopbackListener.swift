internal import Gatekeeper
internal import Glibc

/// A listening socket on 127.0.0.1, and never anywhere else.
struct LoopbackListener: ~Copyable, Sendable {
    let port: UInt16
    private let descriptor: Descriptor

    /// On a free port.
    init() throws(SystemError) {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemError("make a socket", code: errno) }
        let descriptor = Descriptor(owning: number)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: sockaddr_in begins with the family, as every socket address does, and is `length` bytes long.
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(number, generic, length) == 0 && listen(number, SOMAXCONN) == 0 && getsockname(number, generic, &length) == 0
                    ? 0 : errno
            }
        }
        guard code == 0 else { throw SystemError("listen on 127.0.0.1", code: code) }
        port = UInt16(bigEndian: address.sin_port)
        self.descriptor = descriptor
    }

    /// The next connection; nil if this one couldn't be taken.
    func accept() -> StreamSocket? {
        while true {
            let number = Glibc.accept(descriptor.number, nil, nil)
            if number < 0, errno == EINTR { continue }
            return number < 0 ? nil : StreamSocket(Descriptor(owning: number))
        }
    }
}
