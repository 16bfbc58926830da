import Testing

@testable import Gatekeeper

struct VerdictTallyTests {
    private func verdict(_ outcome: Outcome, status: UInt16, milliseconds: UInt64 = 1) -> ExchangeVerdict {
        var verdict = ExchangeVerdict(peer: PeerAddress(ipv4: 1), listener: 0, endedMilliseconds: 0)
        verdict.outcome = outcome
        verdict.status = status
        verdict.durationNanoseconds = milliseconds * 1_000_000
        verdict.bytesIn = 10
        verdict.bytesOut = 100
        return verdict
    }

    @Test("every outcome and class of status is counted by itself")
    func exchanges() {
        var tally = VerdictTally()
        for outcome in Outcome.allCases {
            for status in [0, 101, 200, 304, 404, 503] as [UInt16] { tally.count(verdict(outcome, status: status)) }
        }
        for outcome in Outcome.allCases {
            for statusClass in VerdictTally.statusClasses { #expect(tally.exchanges(outcome, statusClass: statusClass) == 1) }
        }
        #expect(tally.bytesIn == UInt64(Outcome.allCases.count * 60))
        #expect(tally.bytesOut == UInt64(Outcome.allCases.count * 600))
    }

    @Test("a status that is none counts as none")
    func strangeStatus() {
        var tally = VerdictTally()
        tally.count(verdict(.completed, status: 999))
        tally.count(verdict(.drained, status: .max))
        #expect(tally.exchanges(.completed, statusClass: 0) == 1)
        #expect(tally.exchanges(.drained, statusClass: 0) == 1)
    }

    @Test("every reason of a denial is counted by itself")
    func denials() {
        var tally = VerdictTally()
        for reason in DenialReason.allCases { for _ in 0...reason.rawValue { tally.count(reason) } }
        for reason in DenialReason.allCases { #expect(tally.denied(reason) == UInt64(reason.rawValue) + 1) }
    }

    @Test("a duration falls into the first class that holds it, the bound included, and a WebSocket into none")
    func durations() {
        var tally = VerdictTally()
        for milliseconds in VerdictTally.durationMillisecondsMax {
            tally.count(verdict(.completed, status: 200, milliseconds: milliseconds))
        }
        tally.count(verdict(.completed, status: 200, milliseconds: 60_001))
        tally.count(verdict(.completed, status: 101, milliseconds: 3_600_000))
        #expect(tally.durations == Array(repeating: 1, count: VerdictTally.durationMillisecondsMax.count + 1))
        #expect(tally.nanoseconds == (VerdictTally.durationMillisecondsMax.reduce(0, +) + 60_001) * 1_000_000)
        #expect(VerdictTally.durationMillisecondsMax == VerdictTally.durationMillisecondsMax.sorted())
    }

    @Test("failures of TLS are told by reason, and of very many reasons the rest are one")
    func tlsReasons() {
        var tally = VerdictTally()
        for number in 0..<100 { tally.countTLSFailure("reason_\(number)") }
        tally.countTLSFailure("reason_0")
        var sum = VerdictTally()
        for number in 100..<200 { sum.countTLSFailure("reason_\(number)") }
        sum.add(tally)
        for tally in [tally, sum] {
            #expect(tally.tlsFailuresByReason.count == VerdictTally.tlsReasonsMax + 1)
            #expect(tally.tlsFailuresByReason.values.reduce(0, +) == tally.tlsFailures)
        }
        #expect(tally.tlsFailuresByReason["reason_0"] == 2)
    }

    @Test("what several workers have counted adds up")
    func sum() {
        var tally = VerdictTally()
        tally.count(verdict(.refused, status: 403, milliseconds: 7))
        tally.count(.notListed)
        tally.countTLSFailure("reset")
        var sum = tally
        sum.add(tally)
        #expect(sum.exchanges(.refused, statusClass: 4) == 2)
        #expect(sum.denied(.notListed) == 2)
        #expect(sum.tlsFailures == 2)
        #expect(sum.tlsFailuresByReason == ["reset": 2])
        #expect(sum.durations[1] == 2)
        #expect(sum.nanoseconds == 14_000_000)
        #expect((sum.bytesIn, sum.bytesOut) == (20, 200))
    }
}
