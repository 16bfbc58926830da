import Testing

@testable import Gatekeeper

@Suite struct ByteClassTests {
    private static let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let digits = "0123456789"
    private static let unreserved = letters + digits + "-._~"
    private static let subDelimiters = "!$&'()*+,;="

    private func expect(_ byteClass: ByteClass, is members: String) {
        let members = Set(members.utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(byteClass.contains(byte) == members.contains(byte), "\(byte)")
        }
    }

    @Test("a token is made of tchar (RFC 9110 §5.6.2)")
    func token() {
        expect(.token, is: "!#$%&'*+-.^_`|~" + Self.digits + Self.letters)
    }

    @Test("a path is made of pchar, slashes and three characters that clients don't escape (RFC 3986 §3.3)")
    func path() {
        expect(.path, is: Self.unreserved + Self.subDelimiters + ":@%/" + "[]|")
    }

    @Test("a query is printable ASCII but four")
    func query() {
        let printable = String(decoding: (UInt8(0x21)...0x7e), as: UTF8.self)
        expect(.query, is: printable.filter { !"\"#<>".contains($0) })
    }

    @Test("a host is a registered name without percent signs and commas (RFC 3986 §3.2.2)")
    func host() {
        expect(.host, is: Self.unreserved + Self.subDelimiters.filter { $0 != "," })
    }

    @Test("an IPv6 literal is made of hexadecimal digits, colons and dots")
    func ipv6() {
        expect(.ipv6, is: "0123456789abcdefABCDEF:.")
    }

    @Test("an identifier is made of letters, digits and three marks")
    func identifier() {
        expect(.identifier, is: Self.letters + Self.digits + "._-")
    }

    @Test("the end of a run is found wherever it is, and never beyond the bound", arguments: 0..<40)
    func end(_ length: Int) {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length) + [UInt8](repeating: UInt8(ascii: " "), count: 20)
        #expect(ByteClass.token.end(in: bytes.span, from: 0, to: bytes.count) == length)
        #expect(ByteClass.token.end(in: bytes.span, from: 0, to: length / 2) == length / 2)
        #expect(ByteClass.token.end(in: bytes.span, from: length, to: bytes.count) == length)
    }
}
