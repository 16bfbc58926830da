/// What a load balancer says of a connection ahead of its bytes: the PROXY protocol, version 1 (a line) and 2 (binary).
///
/// Reading it means believing it, so it is read from listed balancers alone. Whatever isn't exactly a header is refused, and what begins as
/// one is refused at the first byte that can't belong to one.
struct ProxyHeader: Equatable, Sendable {
    enum Source: Equatable, Sendable {
        /// The connection comes from there; only TCP over IPv4 or IPv6 names somebody who can be judged.
        case address(SocketAddress)
        /// The balancer speaks for itself (version 2's LOCAL, version 1's UNKNOWN), as its health checks do.
        case balancer
    }

    enum Result: Equatable, Sendable {
        case needsMore
        case parsed(ProxyHeader)
        case refused(Mistake)
    }

    enum Mistake: Equatable, Sendable {
        /// The bytes are something else: a TLS handshake, a request.
        case missing
        case malformed
        case tooLong
        /// A connection is relayed that no address is told of (UNIX sockets, unspecified families, datagrams).
        case noAddress
        case checksum
    }

    var source: Source
    /// Bytes of the header; what follows is the peer's.
    var byteCount: Int

    /// Whose connection it is; nil where it is the balancer's own. Where a check has no word of its own, HAProxy gives its own address.
    func named(besides balancer: PeerAddress) -> SocketAddress? {
        if case .address(let source) = source, source.address != balancer { source } else { nil }
    }

    /// Version 1's limit, by its specification: with the longest addresses a line has 104 bytes.
    static let lineBytesMax = 107
    /// Of a whole header of version 2. Addresses take 52, or 232 for UNIX sockets; the rest is room for TLVs.
    static let bytesMax = 2048

    /// Reads the header at the front of `bytes`. More bytes never change an answer other than `needsMore`.
    static func parse(_ bytes: Span<UInt8>) -> Result {
        guard bytes.count > 0 else { return .needsMore }
        return bytes[0] == ProxyHeaderV2.signature[0] ? ProxyHeaderV2.parse(bytes) : ProxyHeaderV1.parse(bytes)
    }
}
