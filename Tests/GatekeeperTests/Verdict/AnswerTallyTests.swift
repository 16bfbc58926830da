import Testing

@testable import Gatekeeper

@Suite("Answers, counted by source")
struct AnswerTallyTests {
    private func verdict(
        _ cell: AnswerRuns.CellIndex, _ status: UInt16, _ outcome: Outcome = .completed, milliseconds: UInt64 = 20, at ended: Int64 = 7
    ) -> ExchangeVerdict {
        var verdict = ExchangeVerdict(peer: PeerAddress(ipv4: 1), listener: 0, endedMilliseconds: ended)
        verdict.answerCell = cell
        verdict.status = status
        verdict.outcome = outcome
        verdict.durationNanoseconds = milliseconds * 1_000_000
        return verdict
    }

    @Test("what succeeds and what fails is told apart, and what a client breaks off is neither")
    func outcomes() {
        var tallies = AnswerTallies()
        for (status, outcome) in [(200, .completed), (404, .completed), (503, .completed), (502, .upstreamFailed), (403, .refused)]
            as [(UInt16, Outcome)]
        {
            tallies.count(verdict(3, status, outcome))
        }
        tallies.count(verdict(3, 0, .clientGone, at: 99))
        #expect(tallies[3]?.succeeded == 2)
        #expect(tallies[3]?.failed == 3)
        #expect(tallies[3]?.lastMilliseconds == 7)
        #expect(tallies[2]?.succeeded == nil)
        #expect(tallies[4] == nil)
    }

    @Test("who has no cell isn't counted, and a cell that goes to another source begins anew")
    func owners() {
        var tallies = AnswerTallies()
        tallies.count(verdict(AnswerRuns.none, 200))
        #expect(tallies[AnswerRuns.none] == nil)
        tallies.count(verdict(1, 200))
        tallies.count(verdict(1 << 16 | 1, 500))
        #expect(tallies[1] == nil)
        #expect(tallies[1 << 16 | 1]?.failed == 1)
        #expect(tallies[1 << 16 | 1]?.succeeded == 0)
    }

    @Test("the median and the 95th of a hundred are told as near as the classes allow")
    func quantiles() throws {
        var tally = AnswerTally()
        #expect(tally.milliseconds(perMille: 500) == nil)
        for _ in 0..<80 { tally.count(isGood: true, nanoseconds: 8_000_000, endedMilliseconds: 1) }
        for _ in 0..<20 { tally.count(isGood: true, nanoseconds: 400_000_000, endedMilliseconds: 1) }
        tally.count(isGood: false, nanoseconds: nil, endedMilliseconds: 2)
        // In the class up to 10 ms, and in that up to 500 ms.
        #expect((5...10).contains(try #require(tally.milliseconds(perMille: 500))))
        #expect((250...500).contains(try #require(tally.milliseconds(perMille: 950))))
        var slow = AnswerTally()
        slow.count(isGood: true, nanoseconds: 3_600_000_000_000, endedMilliseconds: 1)
        #expect(slow.milliseconds(perMille: 500) == 60_000)
        slow.add(tally)
        #expect(slow.succeeded == 101)
        #expect(slow.failed == 1)
        #expect(slow.lastMilliseconds == 2)
    }
}
