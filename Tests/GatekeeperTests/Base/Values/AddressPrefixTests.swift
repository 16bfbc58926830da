import Testing

@testable import Gatekeeper

struct AddressPrefixTests {
    @Test(
        "a network is read and shown as its family counts",
        arguments: [
            ("10.0.0.0/8", 104, "10.0.0.0/8"),
            ("0.0.0.0/0", 96, "0.0.0.0/0"),
            ("192.0.2.1/32", 128, "192.0.2.1"),
            ("192.0.2.1", 128, "192.0.2.1"),
            ("::ffff:192.0.2.0/120", 120, "192.0.2.0/24"),
            ("::/0", 0, "::/0"),
            ("2001:db8::/32", 32, "2001:db8::/32"),
            ("2001:db8::1", 128, "2001:db8::1"),
            ("::ffff:0:0/96", 96, "0.0.0.0/0"),
        ])
    func read(written: String, length: Int, shown: String) throws {
        let prefix = try AddressPrefix(parsing: written)
        #expect(Int(prefix.length) == length)
        #expect(prefix.description == shown)
        #expect(try AddressPrefix(parsing: shown) == prefix)
    }

    @Test(
        "a network that contradicts itself is refused with its reason",
        arguments: [
            ("10.0.0.1/8", "10.0.0.1 has bits set beyond /8: the network is 10.0.0.0/8, the one address is 10.0.0.1"),
            ("2001:db8::1/64", "2001:db8::1 has bits set beyond /64: the network is 2001:db8::/64, the one address is 2001:db8::1"),
            ("10.0.0.0/33", "prefix length 33 is above 32"),
            ("::/129", "prefix length 129 is above 128"),
            ("10.0.0.0/", "\"\" after the slash is not a prefix length (0 to 32)"),
            ("10.0.0.0/08", "\"08\" after the slash is not a prefix length (0 to 32)"),
            ("10.0.0.0/8/8", "\"8/8\" after the slash is not a prefix length (0 to 32)"),
            ("10.0.0.0/-1", "\"-1\" after the slash is not a prefix length (0 to 32)"),
            ("10.0.0.0/255.0.0.0", "\"255.0.0.0\" looks like a mask; write the number of bits, as in 10.0.0.0/24"),
            ("/8", "an address is missing"),
        ])
    func refused(written: String, reason: String) {
        #expect(throws: AddressSyntaxError(reason)) { try AddressPrefix(parsing: written) }
    }

    @Test("a network contains its first and last address and not their neighbours")
    func edges() throws {
        let prefix = try AddressPrefix(parsing: "203.0.113.64/26")
        #expect(prefix.contains(try PeerAddress(parsing: "203.0.113.64")))
        #expect(prefix.contains(try PeerAddress(parsing: "203.0.113.127")))
        #expect(!prefix.contains(try PeerAddress(parsing: "203.0.113.63")))
        #expect(!prefix.contains(try PeerAddress(parsing: "203.0.113.128")))
    }

    @Test("every IPv6 address is not every IPv4 address")
    func familiesStayApart() throws {
        let everyIPv6 = try AddressPrefix(parsing: "::/0")
        #expect(everyIPv6.contains(try PeerAddress(parsing: "2001:db8::1")))
        #expect(!everyIPv6.contains(try PeerAddress(parsing: "192.0.2.1")))
        #expect(!(try AddressPrefix(parsing: "0.0.0.0/0")).contains(try PeerAddress(parsing: "::1")))
    }

    @Test("masking clears exactly the bits beyond the length", arguments: 0...128)
    func masking(length: Int) {
        let masked = PeerAddress(high: .max, low: .max).masked(to: UInt8(length))
        #expect(masked.high.nonzeroBitCount + masked.low.nonzeroBitCount == length)
        #expect((~masked.high).leadingZeroBitCount == min(length, 64))
    }
}
