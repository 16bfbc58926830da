internal import CLinux
internal import Glibc

extension SocketAddress {
    /// From what the kernel filled in; an IPv4-mapped address comes out as IPv4 because both have one form.
    init(_ storage: sockaddr_storage) {
        // SAFETY: sockaddr_storage is as large and as aligned as every address family's structure; which one it holds is in ss_family.
        self = unsafe withUnsafePointer(to: storage) { pointer in
            if Int32(storage.ss_family) == AF_INET6 {
                let v6 = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in6.self)
                let (high, low) = unsafe withUnsafeBytes(of: v6.sin6_addr) { bytes in
                    unsafe (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                }
                return SocketAddress(
                    address: PeerAddress(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low)),
                    port: UInt16(bigEndian: v6.sin6_port))
            }
            let v4 = unsafe UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self)
            return SocketAddress(
                address: PeerAddress(ipv4: UInt32(bigEndian: v4.sin_addr.s_addr)), port: UInt16(bigEndian: v4.sin_port))
        }
    }

    /// The kernel's family for it.
    var family: Int32 { address.isIPv4 ? AF_INET : AF_INET6 }
}

extension PeerAddress {
    /// `::`, which for a listener means both families.
    var isUnspecified: Bool { high == 0 && low == 0 }

    /// Who is at the other end of a connection, as the kernel says it.
    init(peer storage: sockaddr_storage) {
        let address = SocketAddress(storage).address
        guard address.isLinkLocal else {
            self = address
            return
        }
        // SAFETY: sockaddr_storage is as large and as aligned as sockaddr_in6, and holds one: only IPv6 has link-local addresses here.
        let zone = unsafe withUnsafePointer(to: storage) { unsafe UnsafeRawPointer($0).loadUnaligned(as: sockaddr_in6.self).sin6_scope_id }
        self = address.inZone(zone)
    }
}

/// Where to connect: an IP address and port, or the path of a UNIX socket.
enum ConnectAddress: Equatable, Sendable {
    case ip(SocketAddress)
    case unix(String)

    var family: Int32 {
        switch self {
        case .ip(let address): address.family
        case .unix: AF_UNIX
        }
    }

    /// The longest path a `sockaddr_un` holds, its NUL not counted.
    static let unixPathBytesMax = 107

    /// Lends the kernel's structure for it.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        switch self {
        case .ip(let target) where target.address.isIPv4:
            var v4 = sockaddr_in()
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = target.port.bigEndian
            v4.sin_addr.s_addr = UInt32(truncatingIfNeeded: target.address.low).bigEndian
            return unsafe Self.lend(v4, to: body)
        case .ip(let target):
            var v6 = sockaddr_in6()
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = target.port.bigEndian
            v6.sin6_scope_id = target.zone.flatMap(NetworkInterface.index) ?? target.address.zone
            let address = target.address.withoutZone
            unsafe withUnsafeMutableBytes(of: &v6.sin6_addr) { bytes in
                unsafe bytes.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return unsafe Self.lend(v6, to: body)
        case .unix(let path):
            var local = sockaddr_un()
            local.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &local.sun_path) { bytes in
                unsafe bytes.copyBytes(from: path.utf8.prefix(Self.unixPathBytesMax))
            }
            return unsafe Self.lend(local, to: body)
        }
    }

    private static func lend<Address, Result>(_ address: Address, to body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        // SAFETY: every socket address structure begins with the family that `sockaddr` declares; the length is the real one.
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}

extension SocketAddress {
    /// Whether a socket on it is to take IPv6 alone, though it is `[::]`: because `0.0.0.0` is listened on beside it, by a socket of its own.
    func isIPv6Only(among addresses: [SocketAddress]) -> Bool {
        port != 0 && address.isUnspecified && addresses.contains(SocketAddress(address: PeerAddress(ipv4: 0), port: port))
    }
}
