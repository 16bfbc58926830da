extension PeerAddress {
    /// Whom a connection and its requests count for, and whose upstream connections they use.
    ///
    /// An IPv4 address is a source. In IPv6 a host chooses the last 64 bits of its address, and another one for each connection if it likes
    /// (RFC 8981): where a network is listed, its /64 is the source, or the network itself if that is smaller. Addresses that are listed one
    /// by one are sources of their own, also side by side in one /64.
    ///
    /// - Parameter entry: what on the allow-list lets it in.
    func source(listedBy entry: AddressPrefix) -> PeerAddress {
        isIPv4 ? self : masked(to: max(64, entry.length))
    }
}
