import Testing

@testable import Gatekeeper

@Suite("Interfaces and link-local addresses")
struct InterfaceNameTests {
    @Test("a name comes out as it went in", arguments: ["e", "lo", "eth0", "enp0s31f", "enp0s31f6", "wg-vendor-12345", "2"])
    func roundTrip(text: String) throws {
        #expect(try #require(InterfaceName(text)).description == text)
        #expect(InterfaceName(text) != InterfaceName("other"))
    }

    @Test("what no interface can be called is none", arguments: ["", "a b", "eth0/1", "a-name-of-16-byt", "é", "a\u{0}", "tab\t"])
    func impossible(text: String) {
        #expect(InterfaceName(text) == nil)
    }

    @Test("a link-local address to listen on carries its interface, in every spelling that there is")
    func zoned() throws {
        let address = try SocketAddress(parsing: "[FE80:0::1%eth0]:443")
        #expect(address.description == "[fe80::1%eth0]:443")
        #expect(try SocketAddress(parsing: address.description) == address)
        #expect(try SocketAddress(parsing: "[fe80::1%eth1]:443") != address)
        #expect(try SocketAddress(parsing: "[febf::1%2]:443").zone == InterfaceName("2"))
    }

    @Test(
        "a link-local address without an interface says why not, and so does a zone that can't be",
        arguments: [
            ("[fe80::1]:443", "say which one, as [fe80::1%eth0]:443"), ("[2001:db8::1%eth0]:443", "which link-local addresses alone have"),
            ("[fe80::1%]:443", "names no interface behind the %"), ("[fe80::1%a/b]:443", "names no interface behind the %"),
            ("[fec0::1%eth0]:443", "which link-local addresses alone have"), ("[::1%lo]:443", "which link-local addresses alone have"),
            ("[%eth0]:443", "brackets are for IPv6"),
        ])
    func mistakes(text: String, message: String) {
        #expect {
            try SocketAddress(parsing: text)
        } throws: { error in
            "\(error)".contains(message)
        }
    }
}
