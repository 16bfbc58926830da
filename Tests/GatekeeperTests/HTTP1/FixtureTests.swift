import HTTPFixtures
import Testing

@testable import Gatekeeper

/// Every case of the documents in `Fixtures/`.
@Suite struct FixtureTests {
    @Test("a fixture has its outcome", arguments: Fixture.all)
    func outcome(_ fixture: Fixture) {
        let (outcomes, written) = FixtureReader.outcome(of: fixture, arriving: [fixture.bytes.count])
        #expect(outcomes.count == fixture.outcome.count, "\(outcomes)")
        for (actual, expected) in zip(outcomes, fixture.outcome) {
            let facts = Set(actual.components(by: " "))
            for fact in expected.components(by: " ") { #expect(facts.contains(fact), "\(actual)") }
        }
        if let expected = fixture.written {
            #expect(String(decoding: written ?? [], as: UTF8.self) == String(decoding: expected, as: UTF8.self))
        }
    }

    @Test("a fixture has the same outcome torn in two at every byte", arguments: Fixture.all)
    func torn(_ fixture: Fixture) {
        let count = fixture.bytes.count
        let whole = FixtureReader.outcome(of: fixture, arriving: [count])
        // Long runs of one letter are torn here and there only.
        let step = max(1, count / 400)
        for offset in Array(stride(from: 0, to: count, by: step)) + Array(max(0, count - 40)..<count) {
            let torn = FixtureReader.outcome(of: fixture, arriving: [offset, count])
            guard torn == whole else {
                Issue.record("torn at \(offset): \(torn.outcomes)")
                return
            }
        }
    }

    @Test("a fixture has the same outcome byte by byte", arguments: Fixture.all)
    func byteByByte(_ fixture: Fixture) {
        let whole = FixtureReader.outcome(of: fixture, arriving: [fixture.bytes.count])
        let single = FixtureReader.outcome(of: fixture, arriving: Array(0...fixture.bytes.count))
        #expect(single == whole)
    }

    @Test("every refusal has a fixture")
    func coverage() {
        let shown = Set(Fixture.all.flatMap(\.outcome).filter { $0.hasPrefix("refuse") })
        for refusal in Refusal.allCases {
            #expect(shown.contains("refuse \(refusal.status) \(refusal.reason)"), "\(refusal)")
        }
    }

    @Test("there are hundreds of fixtures, and each says what it expects")
    func documents() {
        #expect(Fixture.all.count >= 600)
        for fixture in Fixture.all {
            #expect(!fixture.outcome.isEmpty, "\(fixture)")
            #expect(!fixture.bytes.isEmpty, "\(fixture)")
        }
    }
}
