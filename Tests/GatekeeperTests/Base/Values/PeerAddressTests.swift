import Glibc
import Testing

@testable import Gatekeeper

struct PeerAddressTests {
    @Test(
        "what is read is shown in the canonical spelling",
        arguments: [
            ("3.23.117.9", "3.23.117.9"),
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::FFFF:c000:0201", "192.0.2.1"),
            ("0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"),
            ("::", "::"),
            ("::1", "::1"),
            ("1::", "1::"),
            ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
            ("::1.2.3.4", "::102:304"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ])
    func canonical(written: String, shown: String) throws {
        let address = try PeerAddress(parsing: written)
        #expect(address.description == shown)
        #expect(try PeerAddress(parsing: shown) == address)
        let buffer = Buffer(capacity: 64)
        address.append(to: buffer)
        #expect(String(decoding: (0..<buffer.count).map { buffer.bytes[$0] }, as: UTF8.self) == shown)
    }

    @Test(
        "what isn't an address is refused with its reason",
        arguments: [
            ("", "an address is missing"),
            ("3.23.117", "IPv4 needs four parts, \"3.23.117\" has three"),
            ("1.2.3.4.5", "IPv4 needs four parts, \"1.2.3.4.5\" has five"),
            ("2130706433", "IPv4 needs four parts, \"2130706433\" has one"),
            ("1.2.300.4", "part 300 is above 255"),
            ("1.2.3.99999999999999999999", "part 99999999999999999999 is above 255"),
            ("010.0.0.1", "part 010 has a leading zero, which some programs read as octal"),
            ("1.2.3.00", "part 00 has a leading zero, which some programs read as octal"),
            ("0x7f.0.0.1", "part \"0x7f\" of \"0x7f.0.0.1\" is not a decimal number"),
            ("1..2.3", "part 2 of \"1..2.3\" is empty"),
            ("1.2.3.-4", "part \"-4\" of \"1.2.3.-4\" is not a decimal number"),
            ("1.2.3.4 ", "\"1.2.3.4 \" contains a space, which no address has"),
            ("１.2.3.4", "\"１.2.3.4\" contains U+FF11, a character that no address has; type it anew"),
            (
                "1.2.3.4\u{200b}",
                "\"1.2.3.4U+200B\" contains U+200B (a zero-width space), a character that no address has; type it anew"
            ),
            ("1.2.3.4\0", "\"1.2.3.4U+0000\" contains U+0000, a character that no address has; type it anew"),
            ("1.2.3.4:443", "\"1.2.3.4:443\" has a port, but only an address belongs here"),
            ("1.2.3.0/24", "\"1.2.3.0/24\" has a prefix length, but one address belongs here"),
            ("[::1]", "\"[::1]\" has brackets, which belong around an address with a port only"),
            ("fe80::1%nowhere", "\"fe80::1%nowhere\": this machine has no interface \"nowhere\""),
            ("fe80::1%", "\"fe80::1%\": this machine has no interface \"\""),
            ("fe80::%lo/64", "\"/64\" has a prefix length, but one address belongs here"),
            ("2001:db8::1%lo", "\"2001:db8::1%lo\" has a zone (the part from the %), which belongs to link-local addresses (fe80::) only"),
            ("1:2:3:4:5:6:7", "IPv6 needs eight groups, \"1:2:3:4:5:6:7\" has seven and no ::"),
            ("1:2:3:4:5:6:7:8:9", "IPv6 needs eight groups, \"1:2:3:4:5:6:7:8:9\" has 9 and no ::"),
            ("1:2:3:4::5:6:7:8", ":: stands for at least one group, but \"1:2:3:4::5:6:7:8\" has eight beside it"),
            ("1::2::3", "\"1::2::3\" has more than one ::, so its length can't be told"),
            (":::", "\":::\" has more than one ::, so its length can't be told"),
            (":1::", "\":1::\" begins or ends with a single colon"),
            ("1::2:", "\"1::2:\" begins or ends with a single colon"),
            ("12345::", "group \"12345\" of \"12345::\" has more than four digits"),
            ("g::", "group \"g\" of \"g::\" is not hexadecimal"),
            ("+1::", "group \"+1\" of \"+1::\" is not hexadecimal"),
            ("1.2.3.4::", "IPv4 may only be the end of an IPv6 address, unlike in \"1.2.3.4::\""),
            ("::1.2.3", "IPv4 needs four parts, \"1.2.3\" has three"),
        ])
    func refused(written: String, reason: String) {
        #expect(throws: AddressSyntaxError(reason)) { try PeerAddress(parsing: written) }
    }

    @Test("a name is called a name")
    func name() {
        let error = #expect(throws: AddressSyntaxError.self) { try PeerAddress(parsing: "tickets.example.com") }
        #expect(error?.message.hasPrefix("\"tickets.example.com\" is a name") == true)
    }

    @Test("any address survives being shown and read again, and the C library reads the same from it")
    func roundTrip() throws {
        var random = SystemRandomNumberGenerator()
        for round in 0..<4_000 {
            var address = PeerAddress(high: random.next(), low: random.next())
            if round % 4 == 0 { address = PeerAddress(ipv4: UInt32.random(in: .min ... .max)) }
            for _ in 0..<Int.random(in: 0..<8) where round % 4 != 0 {
                let mask = ~(UInt64(0xffff) << (16 * UInt64.random(in: 0..<4)))
                if Bool.random() { address.high &= mask } else { address.low &= mask }
            }
            // Those have an interface.
            if address.isLinkLocal { continue }
            #expect(try PeerAddress(parsing: address.description) == address)
            var parsed = in6_addr()
            let written = address.isIPv4 ? "::ffff:\(address)" : address.description
            #expect(unsafe inet_pton(AF_INET6, written, &parsed) == 1)
            let bytes = unsafe withUnsafeBytes(of: &parsed) { unsafe Array($0) }
            #expect(bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } == address.high)
            #expect(bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) } == address.low)
        }
    }

    @Test("no text makes the parser trap, and what it takes the C library takes as well")
    func arbitraryText() {
        let alphabet = Array("0123456789abcdefF.:/%[] x-")
        for _ in 0..<20_000 {
            let text = String((0..<Int.random(in: 0..<20)).map { _ in alphabet.randomElement()! })
            guard (try? PeerAddress(parsing: text)) != nil else { continue }
            var parsed = in6_addr()
            #expect(unsafe inet_pton(text.contains(":") ? AF_INET6 : AF_INET, text, &parsed) == 1, "\(text)")
        }
    }
}
