import CLinux
import Glibc
import Testing

@testable import Gatekeeper

/// An address that every interface has is one source on each of them.
struct LinkLocalTests {
    private let onWire = PeerAddress(high: 0xfe80 << 48, low: 1)

    private func list(_ entries: String...) throws -> AllowList {
        AllowList(try entries.map { Settings.AllowEntry(prefix: try AddressPrefix(parsing: $0)) })
    }

    @Test("is admitted by the interface that the entry names, and by no other", arguments: ["fe80::1%lo", "fe80::%lo/64", "fe80::1%1"])
    func zones(entry: String) throws {
        let list = try list(entry)
        let loopback = try #require(NetworkInterface.index(named: "lo"))
        #expect(list.entry(for: onWire.inZone(loopback), nowUnixSeconds: 0) == 0)
        for other in [0, loopback + 1, loopback + 0x100, .max] {
            #expect(list.entry(for: onWire.inZone(other), nowUnixSeconds: 0) == nil, "zone \(other)")
        }
    }

    @Test(
        "an entry without its interface is refused, with what to write",
        arguments: [
            ("fe80::1", "\"fe80::1\" is link-local: every interface has such addresses. Say which is meant, as in fe80::1%eth0"),
            ("fe80::/64", "\"fe80::\" is link-local: every interface has such addresses. Say which is meant, as in fe80::%eth0/64"),
            ("fe80::/10", "\"fe80::\" is link-local: every interface has such addresses. Say which is meant, as in fe80::%eth0/64"),
            ("fe80::%lo/10", "an interface's link-local addresses are a /64: write fe80::%lo/64"),
            ("fe80::/64%lo", "the interface stands before the slash: fe80::%lo/64"),
            ("fe00::/8", "fe00::/8 holds the link-local addresses of every interface; write smaller networks, without fe80::/10"),
        ])
    func incomplete(entry: String, complaint: String) {
        #expect(throws: AddressSyntaxError(complaint)) { try AddressPrefix(parsing: entry) }
    }

    @Test("everybody is everybody")
    func everybody() throws {
        #expect(try list("::/0").entry(for: onWire.inZone(7), nowUnixSeconds: 0) == 0)
    }

    @Test("what is read is written as it was, and others are told it without the interface")
    func text() throws {
        let address = try PeerAddress(parsing: "fe80::ab%lo")
        #expect(address.description == "fe80::ab%lo")
        #expect(AddressText(address).string == "fe80::ab")
        #expect(try AddressPrefix(parsing: "fe80::%lo/64").description == "fe80::%lo/64")
        #expect(onWire.inZone(0x7fff_fffe).description == "fe80::1%2147483646", "an interface that is no more")
        let buffer = Buffer(capacity: 64)
        address.append(to: buffer)
        #expect(buffer.readable.indices.map { buffer.readable[$0] } == Array("fe80::ab%lo".utf8))
        #expect(try SocketAddress(parsing: "[fe80::1%lo]:443").description == "[fe80::1%lo]:443")
        #expect(throws: AddressSyntaxError.self) { try SocketAddress(parsing: "[fe80::1]:443") }
    }

    @Test("one that has bits where there are to be zeros passes for nobody, wherever it comes from")
    func forged() throws {
        let list = try list("fe80::1%lo", "fe80::%lo/64")
        let loopback = UInt64(try #require(NetworkInterface.index(named: "lo")))
        let forged = PeerAddress(high: 0xfe80 << 48 | loopback, low: 1)
        for zone in [0, UInt32(loopback), 9] { #expect(list.entry(for: forged.inZone(zone), nowUnixSeconds: 0) == nil) }
        // As a load balancer may pass it on: in text, and in bytes.
        let line = Array("PROXY TCP6 fe80::\(String(loopback, radix: 16)):0:0:0:1 2001:db8::2 1 443\r\n".utf8)
        let zoned = Array("PROXY TCP6 fe80::1%lo 2001:db8::2 1 443\r\n".utf8)
        var binary: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x21, 0, 36, 0xfe, 0x80]
        binary += [0, 0, 0, 0, 0, UInt8(loopback)] + [0, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 16) + [0, 1, 1, 0xbb]
        for header in [line, zoned, binary] {
            guard case .parsed(let parsed) = ProxyHeader.parse(header.span), case .address(let source) = parsed.source else { continue }
            #expect(list.entry(for: source.address, nowUnixSeconds: 0) == nil)
        }
    }

    @Test("the kernel's filter keeps it on every interface: more, and never less, than the list")
    func filter() throws {
        for entry in ["fe80::1%lo", "fe80::%lo/64"] {
            let prefix = try AddressPrefix(parsing: entry)
            let range = AddressRange(prefix)
            #expect(range.first <= UInt128(onWire.high) << 64 | 1 && UInt128(onWire.high) << 64 | 1 <= range.last)
        }
    }

    @Test("the kernel gives the interface with an address")
    func kernel() throws {
        let address = try SocketAddress(parsing: "[fe80::1%lo]:443")
        let read = unsafe ConnectAddress.ip(address).withSocketAddress { pointer, length in
            var storage = sockaddr_storage()
            unsafe withUnsafeMutableBytes(of: &storage) { bytes in
                unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
            }
            return PeerAddress(peer: storage)
        }
        let expected = try PeerAddress(parsing: "fe80::1%lo")
        #expect(read == expected)
    }
}
