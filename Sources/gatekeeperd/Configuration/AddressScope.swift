internal import Gatekeeper

/// From how far away an address can be reached.
enum AddressScope: Equatable, Sendable {
    /// From this host alone.
    case loopback
    /// From the same link (RFC 3927, RFC 4291).
    case link
    /// From inside a network (RFC 1918, RFC 4193), or a provider's that translates addresses (RFC 6598).
    case inner
    /// From everywhere.
    case everywhere

    init(_ address: PeerAddress) {
        self = Self.ranges.first { $0.prefix.contains(address) }?.scope ?? .everywhere
    }

    /// Many sources may hide behind it.
    var isPrivate: Bool { self != .everywhere }

    private static let ranges: [(prefix: AddressPrefix, scope: AddressScope)] = [
        (v4(127, 0, 0, 0, length: 8), .loopback), (AddressPrefix(PeerAddress(high: 0, low: 1)), .loopback),
        (v4(169, 254, 0, 0, length: 16), .link), (v6(0xfe80, length: 10), .link),
        (v4(10, 0, 0, 0, length: 8), .inner), (v4(172, 16, 0, 0, length: 12), .inner), (v4(192, 168, 0, 0, length: 16), .inner),
        (v4(100, 64, 0, 0, length: 10), .inner), (v6(0xfc00, length: 7), .inner),
    ]

    private static func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, length: Int) -> AddressPrefix {
        AddressPrefix(containing: PeerAddress(ipv4: a << 24 | b << 16 | c << 8 | d), length: 96 + length)
    }

    private static func v6(_ first: UInt64, length: Int) -> AddressPrefix {
        AddressPrefix(containing: PeerAddress(high: first << 48, low: 0), length: length)
    }
}
