import Testing

@testable import Gatekeeper

struct SocketAddressTests {
    @Test(
        "the three spellings of a place to listen on",
        arguments: [
            ("0.0.0.0:443", "0.0.0.0:443"),
            ("[::]:443", "[::]:443"),
            ("443", "[::]:443"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[2001:DB8::1]:65535", "[2001:db8::1]:65535"),
        ])
    func read(written: String, shown: String) throws {
        #expect(try SocketAddress(parsing: written).description == shown)
    }

    @Test(
        "anything else is refused with what to write instead",
        arguments: [
            ("", "an address is missing"),
            ("0.0.0.0", "\"0.0.0.0\" has no port; write 0.0.0.0:443"),
            ("[::]", "\"[::]\" has no port; write [::]:443"),
            ("::1", "\"::1\" has no port; write [::1]:443"),
            ("1:2:3:4:5:6:7:8:443", "an IPv6 address with a port needs brackets: [1:2:3:4:5:6:7:8]:443"),
            ("[::1:443", "\"[::1:443\" has no closing bracket before the port"),
            ("[127.0.0.1]:443", "brackets are for IPv6; write 127.0.0.1:443"),
            (":443", "\":443\" has no address; write 443 for every address"),
            ("*:443", "\"*:443\" has no address; write 443 for every address"),
            ("0.0.0.0:", "the port after the colon is missing"),
            ("0.0.0.0:65536", "port 65536 is above 65535"),
            ("65536", "port 65536 is above 65535"),
            ("0.0.0.0:https", "\"https\" is not a port (0 to 65535)"),
            ("0.0.0.0:0443", "\"0443\" is not a port (0 to 65535)"),
        ])
    func refused(written: String, reason: String) {
        #expect(throws: AddressSyntaxError(reason)) { try SocketAddress(parsing: written) }
    }
}
