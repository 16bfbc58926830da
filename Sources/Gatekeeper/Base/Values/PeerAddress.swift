/// An IP address as one 128-bit key, IPv4 in its IPv4-mapped form (`::ffff:a.b.c.d`).
///
/// One form for both families, at parse and at accept, so that a peer can't be on the list in one spelling and off it in another.
///
/// A link-local address means something on one interface only. Its number, the zone, is part of the key: it stands in the last 32 bits of
/// `high`, which are zero on the wire (RFC 4291 §2.5.6), so that whatever compares or masks addresses tells interfaces apart.
public struct PeerAddress: Hashable, Sendable {
    /// The first eight bytes of the IPv6 form, as a big-endian number.
    public var high: UInt64
    /// The last eight.
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// `a.b.c.d` as a big-endian number.
    public init(ipv4 address: UInt32) {
        high = 0
        low = 0xffff_0000_0000 | UInt64(address)
    }

    /// Reads one address and nothing else: no port, no brackets, no name; a zone only where there must be one (`fe80::1%eth0`).
    ///
    /// Stricter than `inet_aton`, which takes `010.0.0.1` for 8.0.0.1 and `3.23` for 3.0.0.23: on a list of who may enter, a text
    /// that two programs read differently is refused.
    public init(parsing text: String) throws(AddressSyntaxError) {
        self = try AddressParser.address(text)
    }

    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// `fe80::/10`: good on one link only.
    public var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }

    /// The address with every bit beyond the first `length` (0…128) cleared.
    func masked(to length: UInt8) -> PeerAddress {
        PeerAddress(high: high & ~(UInt64.max >> Int(length)), low: low & ~(UInt64.max >> max(0, Int(length) - 64)))
    }
}

// MARK: Zones

extension PeerAddress {
    /// The number of the interface that a link-local address belongs to; 0 where that isn't known, and for all others.
    public var zone: UInt32 { isLinkLocal ? UInt32(truncatingIfNeeded: high) : 0 }

    /// An address as it is on the wire, with the interface that it came by.
    ///
    /// A link-local one with bits set where there are to be zeros becomes one that no list can name: it could pass for another interface.
    package func inZone(_ zone: UInt32) -> PeerAddress {
        guard isLinkLocal else { return self }
        let isOrdinary = high & 0x003f_ffff_ffff_ffff == 0
        return PeerAddress(high: isOrdinary ? high | UInt64(zone) : 0xfebf_ffff_0000_0000 | UInt64(zone), low: low)
    }

    /// As it is on the wire.
    var withoutZone: PeerAddress { PeerAddress(high: isLinkLocal ? high & 0xffff_ffff_0000_0000 : high, low: low) }

    var zoneText: String { NetworkInterface.name(of: zone) ?? String(zone) }
}

extension PeerAddress: CustomStringConvertible {
    /// Dotted decimal for IPv4, RFC 5952 for IPv6: the one spelling that the log and every answer use.
    public var description: String { AddressText(self).string + (zone == 0 ? "" : "%" + zoneText) }
}
