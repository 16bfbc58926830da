import CLinux
import Glibc

/// Where a socket is bound or connects to: a numeric IP address with a port, or a path.
struct SocketName {
    private(set) var storage = sockaddr_storage()
    private(set) var length: socklen_t = 0

    var family: Int32 { Int32(storage.ss_family) }

    init(_ host: String, port: UInt16) throws {
        // SAFETY: every structure written here is smaller than `sockaddr_storage` and aligned as it is; inet_pton writes one address.
        let isParsed = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            if host.contains(":") {
                let name = unsafe bytes.bindMemory(to: sockaddr_in6.self).baseAddress!
                unsafe name.pointee.sin6_family = sa_family_t(AF_INET6)
                unsafe name.pointee.sin6_port = port.bigEndian
                return unsafe inet_pton(AF_INET6, host, &name.pointee.sin6_addr) == 1
            }
            let name = unsafe bytes.bindMemory(to: sockaddr_in.self).baseAddress!
            unsafe name.pointee.sin_family = sa_family_t(AF_INET)
            unsafe name.pointee.sin_port = port.bigEndian
            return unsafe inet_pton(AF_INET, host, &name.pointee.sin_addr) == 1
        }
        guard isParsed else { throw Failure("\(host) is no IP address") }
        length = socklen_t(host.contains(":") ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
    }

    init(path: String) throws {
        guard path.utf8.count < 108 else { throw Failure("\(path) is too long for a UNIX socket") }
        // SAFETY: the family's two bytes and fewer than 108 of the path fit `sockaddr_storage`, which is zeroed.
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
            unsafe bytes[2...].copyBytes(from: path.utf8)
        }
        length = socklen_t(2 + path.utf8.count + 1)
    }

    /// The name that `descriptor` is bound to.
    init(of descriptor: Int32) {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        unsafe withPointer { unsafe getsockname(descriptor, $0, $1) }
    }

    var port: UInt16 {
        // SAFETY: in both families the port is the second 16-bit field.
        unsafe withUnsafeBytes(of: storage) { UInt16(bigEndian: unsafe $0.load(fromByteOffset: 2, as: UInt16.self)) }
    }

    @discardableResult
    mutating func withPointer<Result>(_ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result) -> Result {
        // SAFETY: the kernel reads and writes at most `length` bytes, which never exceeds the storage.
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
    }
}
