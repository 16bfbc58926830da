import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What name servers tell of a name")
struct NameFactsTests {
    private static let caa: [UInt8] = [0, 5] + Array("issueca.example".utf8)

    /// Answers that are given, and nothing for the rest; nil for `failing`.
    private func lookup(_ answers: [String: [[UInt8]]], failing: Set<String> = []) -> NameFacts.Lookup {
        { name, kind in
            let key = "\(name) \(kind.rawValue)"
            return failing.contains(key) ? nil : (answers[key] ?? []).map { $0[...] }
        }
    }

    @Test("all addresses are asked for, of both kinds, and which of them are this machine's")
    func addresses() throws {
        let answers: [String: [[UInt8]]] = [
            "a.example 1": [[192, 0, 2, 7], [1, 2]], "a.example 28": [[0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [9]],
        ]
        let own = try PeerAddress(parsing: "192.0.2.7")
        let facts = NameFacts(asking: lookup(answers), of: "*.a.example", isOwn: { $0 == own })
        #expect(facts.addresses?.map(\.description) == ["192.0.2.7", "2001:db8::9"] && facts.own == [own])
        #expect(facts.policy == .none && facts.isWildcard)
        for failing in ["a.example 1", "a.example 28"] {
            #expect(NameFacts(asking: lookup(answers, failing: [failing]), of: "a.example", isOwn: { _ in true }).addresses == nil)
        }
    }

    @Test("an address is looked up nowhere")
    func literal() throws {
        let facts = NameFacts(asking: { _, _ in nil }, of: "192.0.2.7", isOwn: { _ in false })
        #expect(facts == NameFacts("192.0.2.7", addresses: [try PeerAddress(parsing: "192.0.2.7")], policy: .none))
    }

    @Test("CAA climbs to the first name that has records, short of the root")
    func climb() {
        var asked: [String] = []
        let found = NameFacts.policy(
            asking: { name, _ in
                asked.append(name)
                return name == "b.example" ? [Self.caa[...]] : []
            }, of: "x.a.b.example")
        #expect(found == .records([CAARecord("issue", "ca.example")], at: "b.example"))
        #expect(asked == ["x.a.b.example", "a.b.example", "b.example"])
        asked = []
        #expect(
            NameFacts.policy(
                asking: {
                    asked.append($0)
                    _ = $1
                    return []
                }, of: "a.example") == .none)
        #expect(asked == ["a.example", "example"])
    }

    @Test("a failure on the way, and a record that can't be read, leave it unknown")
    func unknown() {
        #expect(NameFacts.policy(asking: lookup([:], failing: ["example 257"]), of: "a.example") == .unknown)
        #expect(NameFacts.policy(asking: lookup(["a.example 257": [Self.caa, [0]]]), of: "a.example") == .unknown)
    }
}
