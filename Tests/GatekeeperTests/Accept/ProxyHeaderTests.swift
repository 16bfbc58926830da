import Testing

@testable import Gatekeeper

struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    private static func binary(_ command: UInt8, _ family: UInt8, _ content: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(content.count >> 8), UInt8(content.count & 0xff)] + content
    }

    private static let tcp4: [UInt8] = [203, 0, 113, 9, 192, 0, 2, 1, 0xc3, 0x50, 1, 0xbb]
    private static let tcp6: [UInt8] =
        [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 1, count: 16) + [0, 80, 1, 0xbb]

    private func parse(_ bytes: [UInt8]) -> ProxyHeader.Result {
        // Torn at every byte, and with bytes behind it, a header is what it is whole.
        let whole = ProxyHeader.parse(bytes.span)
        for count in 0..<bytes.count {
            let torn = ProxyHeader.parse(bytes.span.extracting(first: count))
            #expect(torn == .needsMore || torn == whole, "at \(count)")
            if case .parsed = torn { Issue.record("parsed at \(count) of \(bytes.count)") }
        }
        if whole != .needsMore { #expect(ProxyHeader.parse((bytes + [22, 3, 1]).span) == whole) }
        return whole
    }

    private func from(_ address: String, _ port: UInt16, _ count: Int) throws -> ProxyHeader.Result {
        .parsed(
            ProxyHeader(source: .address(SocketAddress(address: try PeerAddress(parsing: address), port: port)), byteCount: count))
    }

    @Test("a line names its source")
    func lines() throws {
        let line = "PROXY TCP4 203.0.113.9 192.0.2.1 50000 443\r\n"
        #expect(try parse(Array(line.utf8)) == from("203.0.113.9", 50_000, line.utf8.count))
        let longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n"
        #expect(try parse(Array(longest.utf8)) == from("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65_535, longest.utf8.count))
        let mapped = "PROXY TCP6 ::ffff:203.0.113.9 ::1 0 0\r\n"
        #expect(try parse(Array(mapped.utf8)) == from("203.0.113.9", 0, mapped.utf8.count))
        for line in ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 whatever 1\r\n"] {
            #expect(parse(Array(line.utf8)) == .parsed(ProxyHeader(source: .balancer, byteCount: line.utf8.count)))
        }
    }

    @Test(
        "a line that could be read in two ways names nobody",
        arguments: [
            "PROXY TCP4 203.0.113.9 192.0.2.1 50000 443\n", "PROXY TCP4 203.0.113.9 192.0.2.1 50000\r\n",
            "PROXY TCP4  203.0.113.9 192.0.2.1 50000 443\r\n", "PROXY TCP4 203.0.113.9 192.0.2.1 50000 443 \r\n",
            "PROXY TCP4 203.0.113.09 192.0.2.1 50000 443\r\n", "PROXY TCP4 203.0.113 192.0.2.1 50000 443\r\n",
            "PROXY TCP4 203.0.113.9 192.0.2.1 050000 443\r\n", "PROXY TCP4 203.0.113.9 192.0.2.1 65536 443\r\n",
            "PROXY TCP4 203.0.113.9 192.0.2.1 +5000 443\r\n", "PROXY TCP4 203.0.113.9 192.0.2.1 50000 \r\n",
            "PROXY TCP4 2001:db8::1 192.0.2.1 50000 443\r\n", "PROXY TCP6 203.0.113.9 ::1 50000 443\r\n",
            "PROXY TCP6 fe80::1%eth0 ::1 50000 443\r\n", "PROXY UDP4 203.0.113.9 192.0.2.1 50000 443\r\n",
            "PROXY tcp4 203.0.113.9 192.0.2.1 50000 443\r\n", "PROXY UNKNOWNX\r\n", "PROXY \r\n", "PROXY UNKNOWN\rx\r\n",
            "PROXY TCP4 203.0.113.9\t192.0.2.1 50000 443\r\n", "PROXY TCP4 203.0.113.9 x 50000 443\r\n", "PROXY UNKNOWN \u{e9}\r\n",
        ])
    func malformedLines(_ line: String) {
        #expect(parse(Array(line.utf8)) == .refused(.malformed))
    }

    @Test("a line has at most 107 bytes, its end included")
    func longLine() {
        let beginning = Array("PROXY UNKNOWN ".utf8)
        let fits = beginning + [UInt8](repeating: UInt8(ascii: "x"), count: 105 - beginning.count) + [13, 10]
        #expect(parse(fits) == .parsed(ProxyHeader(source: .balancer, byteCount: 107)))
        #expect(parse(beginning + [UInt8](repeating: UInt8(ascii: "x"), count: 106 - beginning.count) + [13, 10]) == .refused(.tooLong))
    }

    @Test(
        "what is no header is refused at its first byte that isn't one",
        arguments: ["GET / HTTP/1.1", "\u{16}\u{3}\u{1}", "proxy TCP4", "PROXYTCP4", "\r\n\r\nX"])
    func missing(_ text: String) {
        #expect(parse(Array(text.utf8)) == .refused(.missing))
    }

    @Test("the binary form names its source in both families, whatever TLVs follow")
    func binary() throws {
        #expect(try parse(Self.binary(0x21, 0x11, Self.tcp4)) == from("203.0.113.9", 50_000, 28))
        #expect(try parse(Self.binary(0x21, 0x21, Self.tcp6)) == from("2001:db8::7", 80, 52))
        let vectors: [UInt8] = [4, 0, 3, 0, 0, 0, 0xea, 0, 1, 7, 2, 0, 0]
        #expect(try parse(Self.binary(0x21, 0x11, Self.tcp4 + vectors)) == from("203.0.113.9", 50_000, 28 + vectors.count))
        let large = [UInt8(4), 0x07, 0xd0 + 0x11] + [UInt8](repeating: 0, count: 0x7d0 + 0x11)
        #expect(try parse(Self.binary(0x21, 0x11, Self.tcp4 + large)) == from("203.0.113.9", 50_000, 2048))
    }

    @Test("LOCAL is the balancer itself, whatever stands behind it")
    func local() {
        for (family, content) in [(UInt8(0), []), (0x11, Self.tcp4), (0xff, [1, 2, 3])] as [(UInt8, [UInt8])] {
            #expect(parse(Self.binary(0x20, family, content)) == .parsed(ProxyHeader(source: .balancer, byteCount: 16 + content.count)))
        }
    }

    @Test(
        "a relayed connection without an address that can be judged is refused", arguments: [0x00, 0x01, 0x12, 0x22, 0x31, 0x32] as [UInt8])
    func noAddress(family: UInt8) {
        #expect(parse(Self.binary(0x21, family, [UInt8](repeating: 0, count: 216))) == .refused(.noAddress))
    }

    @Test("a binary header that isn't exactly one is refused")
    func malformedBinary() {
        for (command, family) in [(0x11, 0x11), (0x31, 0x11), (0x22, 0x11), (0x2f, 0x11), (0x21, 0x13), (0x21, 0x41)] as [(UInt8, UInt8)] {
            #expect(parse(Self.binary(command, family, Self.tcp4)) == .refused(.malformed), "\(command) \(family)")
        }
        #expect(parse(Self.binary(0x21, 0x11, Array(Self.tcp4.dropLast()))) == .refused(.malformed))
        #expect(parse(Self.binary(0x21, 0x21, Array(Self.tcp6.dropLast()))) == .refused(.malformed))
        for vectors in [[4], [4, 0], [4, 0, 1], [4, 0xff, 0xff, 0], [4, 0, 0, 9], [3, 0, 3, 0, 0, 0]] as [[UInt8]] {
            #expect(parse(Self.binary(0x21, 0x11, Self.tcp4 + vectors)) == .refused(.malformed), "\(vectors)")
        }
        #expect(parse(Self.signature + [0x21, 0x11, 0x07, 0xf1]) == .refused(.tooLong))
        #expect(parse(Self.signature + [0x20, 0, 0xff, 0xff]) == .refused(.tooLong))
        #expect(parse(Self.signature) == .needsMore)
    }

    @Test("a checksum is looked at where there is one")
    func checksum() throws {
        // By the reference table of RFC 3720, worked out apart from the code under test.
        var bytes = Self.binary(0x21, 0x11, Self.tcp4 + [3, 0, 4, 0, 0, 0, 0])
        let sum = Self.referenceChecksum(bytes)
        for index in 0..<4 { bytes[31 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index)) }
        #expect(try parse(bytes) == from("203.0.113.9", 50_000, 35))
        for index in [17, 31, 34] {
            var broken = bytes
            broken[index] ^= 1
            #expect(parse(broken) == .refused(.checksum))
        }
        let twice = Self.binary(0x21, 0x11, Self.tcp4 + [3, 0, 4, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0])
        #expect(parse(twice) == .refused(.malformed))
        #expect(Self.referenceChecksum(Array("123456789".utf8)) == 0xe306_9283)
    }

    /// CRC-32C most significant bit first, over reversed bits: another way than the parser's.
    private static func referenceChecksum(_ bytes: [UInt8]) -> UInt32 {
        func reversed(_ value: UInt32) -> UInt32 { (0..<32).reduce(0) { $0 | (value >> UInt32($1) & 1) << UInt32(31 - $1) } }
        var sum = UInt32.max
        for byte in bytes {
            sum ^= reversed(UInt32(byte))
            for _ in 0..<8 { sum = sum >> 31 == 1 ? sum << 1 ^ 0x1edc_6f41 : sum << 1 }
        }
        return reversed(~sum)
    }
}
