internal import Glibc

/// The path of a UNIX socket, as the kernel takes it.
struct UnixAddress {
    let path: String

    /// The longest path that the kernel takes; one byte of the structure is for the NUL.
    static let bytesMax = MemoryLayout<sockaddr_un>.size - MemoryLayout<sa_family_t>.size - 1

    /// Nil for a path that is empty, too long, or holds a NUL.
    init?(_ path: String) {
        guard !path.isEmpty, path.utf8.count <= Self.bytesMax, !path.utf8.contains(0) else { return nil }
        self.path = path
    }

    /// Lends the kernel's structure for it.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // SAFETY: `init` saw to it that the path is shorter than the array, whose rest stays zero.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        // SAFETY: sockaddr_un begins with the family, as every socket address does, and the length is its own.
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
