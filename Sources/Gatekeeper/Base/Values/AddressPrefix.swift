/// A network: every address whose first `length` bits are these.
///
/// The length counts in the 128-bit form, so IPv4's /24 is 120. A prefix shorter than 96 is IPv6 only: `::/0` is every IPv6 address and
/// no IPv4 address, although `::ffff:0:0/96` lies inside it. Whoever opens the door to one family must not open it to the other unawares.
public struct AddressPrefix: Hashable, Sendable {
    /// The network's first address; no bit beyond `length` is set.
    public let address: PeerAddress
    /// 0…128.
    public let length: UInt8

    /// The network of `length` bits that holds `address`; bits beyond are cleared, a length above 128 counts as 128.
    public init(containing address: PeerAddress, length: Int) {
        self.length = UInt8(clamping: min(length, 128))
        self.address = address.masked(to: self.length)
    }

    /// The one address.
    public init(_ address: PeerAddress) {
        self.address = address
        length = 128
    }

    /// Reads `a.b.c.d`, `a.b.c.d/n`, an IPv6 address, or `v6/n`. Bits set beyond the length are an error, since they show that either the
    /// address or the length isn't what its author meant.
    public init(parsing text: String) throws(AddressSyntaxError) {
        self = try AddressParser.prefix(text)
    }

    public var isIPv4: Bool { length >= 96 && address.isIPv4 }
    /// Exactly one address.
    public var isExact: Bool { length == 128 }

    public func contains(_ peer: PeerAddress) -> Bool {
        peer.isIPv4 == isIPv4 && peer.masked(to: length) == address
    }
}

extension AddressPrefix: CustomStringConvertible {
    /// The bare address when exact, otherwise with the length as its family counts it.
    public var description: String {
        if isExact { return address.description }
        return "\(address)/\(isIPv4 ? length - 96 : length)"
    }
}
