import Testing

@testable import Gatekeeper

struct ProxyHeaderWriterTests {
    private func written(_ client: ShownClient?) -> [UInt8] {
        let buffer = Buffer(capacity: 128)
        ProxyHeaderWriter.write(client, into: buffer)
        var bytes: [UInt8] = []
        let readable = buffer.readable
        for index in readable.indices { bytes.append(readable[index]) }
        return bytes
    }

    private func client(_ source: String, _ listener: String) throws -> ShownClient {
        ShownClient(try SocketAddress(parsing: source), listener: try SocketAddress(parsing: listener))
    }

    @Test("IPv4 is 28 bytes: the client's address, the listener's, and their ports")
    func ipv4() throws {
        let bytes = written(try client("203.0.113.7:50000", "10.0.0.1:443"))
        #expect(Array(bytes[12...]) == [0x21, 0x11, 0, 12, 203, 0, 113, 7, 10, 0, 0, 1, 0xc3, 0x50, 0x01, 0xbb])
        #expect(
            try ProxyHeader.parse(bytes.span)
                == .parsed(ProxyHeader(source: .address(SocketAddress(parsing: "203.0.113.7:50000")), byteCount: 28)))
    }

    @Test("IPv6 is 52 bytes")
    func ipv6() throws {
        let bytes = written(try client("[2001:db8::7]:50000", "[2001:db8::1]:443"))
        #expect(bytes.count == 52 && bytes[13] == 0x21)
        #expect(Array(bytes[32..<48]) == [0x20, 0x01, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [1])
        #expect(
            try ProxyHeader.parse(bytes.span)
                == .parsed(ProxyHeader(source: .address(SocketAddress(parsing: "[2001:db8::7]:50000")), byteCount: 52)))
    }

    @Test("the family is the client's, whatever the load balancer in front speaks with us")
    func mixed() throws {
        let old = written(try client("203.0.113.7:50000", "[2001:db8::1]:443"))
        #expect(old[13] == 0x11 && Array(old[20..<24]) == [0, 0, 0, 0])
        let new = written(try client("[2001:db8::7]:50000", "10.0.0.1:443"))
        #expect(new[13] == 0x21 && Array(new[32..<48]) == Array(repeating: 0, count: 10) + [0xff, 0xff, 10, 0, 0, 1])
    }

    @Test("what we ask ourselves is LOCAL, without addresses")
    func local() {
        let bytes = written(nil)
        #expect(Array(bytes[12...]) == [0x20, 0, 0, 0])
        #expect(ProxyHeader.parse(bytes.span) == .parsed(ProxyHeader(source: .balancer, byteCount: 16)))
    }

    @Test("an interface of ours is nobody's business")
    func zone() throws {
        let address = try PeerAddress(parsing: "fe80::1").inZone(3)
        let bytes = written(ShownClient(SocketAddress(address: address, port: 1), listener: SocketAddress(address: address, port: 2)))
        #expect(Array(bytes[16..<24]) == [0xfe, 0x80, 0, 0, 0, 0, 0, 0])
    }
}
