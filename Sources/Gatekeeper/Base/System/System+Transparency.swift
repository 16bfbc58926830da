internal import CLinux
internal import Glibc

/// Connections that come from an address of somebody else's (ip(7), `IP_TRANSPARENT`).
extension System {
    // linux/in.h, linux/in6.h; none is in Swift's Glibc module.
    private static let transparentIPv4: Int32 = 19
    private static let transparentIPv6: Int32 = 75
    private static let bindsWithoutPort: Int32 = 24

    /// Has the connection that `descriptor` begins come from `address`, and from a port that the kernel chooses once it knows where to.
    ///
    /// The option takes CAP_NET_RAW or CAP_NET_ADMIN.
    ///
    /// - Returns: an errno, 0 for none.
    static func comeTransparently(_ descriptor: Int32, from address: PeerAddress) -> Int32 {
        let (level, option) =
            address.isIPv4 ? (Int32(IPPROTO_IP), transparentIPv4) : (Int32(IPPROTO_IPV6), transparentIPv6)
        guard set(descriptor, level: level, option: option, to: 1) else { return errno }
        // Where a kernel doesn't know it, ports are fewer and nothing else.
        set(descriptor, level: Int32(IPPROTO_IP), option: bindsWithoutPort, to: 1)
        return Call.bind(descriptor, to: SocketAddress(address: address, port: 0)) == 0 ? 0 : errno
    }
}
