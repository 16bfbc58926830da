import Testing

@testable import Gatekeeper

struct ServerNamesTests {
    private static let (rsa, ecdsa): (Int32, Int32) = (6, 408)

    private func names(_ certificates: [(names: [String], kind: Int32)]) -> ServerNames {
        ServerNames(certificates.map { ServerNames.Certificate(names: $0.names, keyKind: $0.kind) })
    }

    private func set(_ names: ServerNames, _ name: String) -> [Int]? {
        names.set(for: name).map { names.sets[$0] }
    }

    @Test("an exact name comes before a wildcard, which stands for one label")
    func lookup() {
        let names = names([(["a.example"], Self.rsa), (["*.b.example"], Self.rsa), (["x.b.example"], Self.rsa)])
        #expect(set(names, "a.example") == [0])
        #expect(set(names, "A.Example.") == [0])
        #expect(set(names, "y.b.example") == [1])
        #expect(set(names, "x.b.example") == [2])
        for unknown in ["b.example", "y.x.b.example", ".b.example", "", ".", "*.b.example", "a.example\u{e9}", "a.example:443"] {
            #expect(set(names, unknown) == nil, "\(unknown)")
        }
        #expect(names.sets.first == [0])
    }

    @Test("kinds of certificates for one name stand together, the first of each kind")
    func kinds() {
        let names = names([
            (["a", "b"], Self.rsa), (["a"], Self.ecdsa), (["a", "c"], Self.rsa), (["c"], Self.ecdsa),
        ])
        #expect(set(names, "a") == [0, 1])
        #expect(set(names, "b") == [0])
        #expect(set(names, "c") == [2, 3])
        #expect(names.sets.first == [0, 1])
    }

    @Test("a first certificate that is for no name is still the one for unknown names")
    func namelessFirst() {
        let names = names([([], Self.rsa), (["a.example"], Self.rsa)])
        #expect(names.sets.first == [0])
        #expect(set(names, "a.example") == [1])
    }

    @Test(
        "names that are none are passed over",
        arguments: ["*", "*.example", "*a.example", "a*.example", "a.*.example", "a\u{0}.example", "", "a b"])
    func uselessNames(_ name: String) {
        #expect(names([([name], Self.rsa)]).isEmpty)
    }

    @Test("a Host is covered with any port, and an address in any spelling")
    func hosts() {
        let names = names([(["a.example", "*.b.example", "192.0.2.1", "2001:db8::1"], Self.rsa)])
        for host in [
            "a.example", "a.example:", "a.example:8443", "A.EXAMPLE.", "x.b.example:1", "192.0.2.1:443", "[2001:db8:0::1]",
            "[2001:DB8::1]:443",
        ] {
            let isCovered = names.covers(host: host.utf8.span)
            #expect(isCovered, "\(host)")
        }
        for host in [
            "", ":443", "b.example", "192.0.2.2", "[2001:db8::2]", "[", "[]", "2001:db8::1", "a.example:x", "[a.example]", "1.b.example.c",
        ] {
            let isCovered = names.covers(host: host.utf8.span)
            #expect(!isCovered, "\(host)")
        }
    }
}
