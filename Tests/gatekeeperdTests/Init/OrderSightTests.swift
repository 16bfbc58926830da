import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What init says of names that a certificate is ordered for")
struct OrderSightTests {
    private func sight(_ facts: NameFacts...) throws -> InitSight {
        OrderSight(order: OrderExamination.Order(settings: try InitQuestion.order(of: facts.map(\.name)), names: facts)).sight
    }

    @Test("names that lead here are told, without records that can be set later")
    func well() throws {
        let own = [try PeerAddress(parsing: "192.0.2.7")]
        let seen = try sight(NameFacts("a.example", addresses: own, own: own, policy: .none))
        #expect(seen == InitSight(lines: ["a.example leads here (192.0.2.7)."]))
    }

    @Test("a name that leads nowhere, and CAA that forbids, are doubts, each with what to do; no answer is none")
    func doubts() throws {
        let nowhere = try sight(NameFacts("a.example", addresses: [], policy: .none), NameFacts("b.example"))
        #expect(nowhere.isDoubtful && nowhere.lines.count == 3, "\(nowhere.lines)")
        #expect(nowhere.lines[0].hasPrefix("a.example has no address") && nowhere.lines[1].hasPrefix("What to do: "))
        #expect(nowhere.lines[2].hasPrefix("where b.example leads isn't known"))
        #expect(try !sight(NameFacts("b.example")).isDoubtful)
        let own = [try PeerAddress(parsing: "192.0.2.7")]
        let policy = NameFacts.Policy.records([CAARecord("issue", "other.example")], at: "example")
        let forbidden = try sight(NameFacts("a.example", addresses: own, own: own, policy: policy))
        #expect(forbidden.isDoubtful && forbidden.lines.contains { $0.contains("forbids letsencrypt.org") })
    }
}
