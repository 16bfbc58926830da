/// The verdicts that one worker has spoken since its start, counted: what metrics are made of.
///
/// Plain numbers on the worker's thread. A few additions for an exchange, no atomic, no lock, no allocation but for a failure of TLS; whoever
/// wants to know them asks the worker, which hands out a copy.
package struct VerdictTally: Sendable {
    /// The upper ends of the classes that durations fall into; the last class has none.
    package static let durationMillisecondsMax: [UInt64] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000]
    /// 0 for an exchange without an answer, else the first digit of its status.
    package static let statusClasses = 0...5

    private var exchangesByOutcome: InlineArray<96, UInt64> = .init(repeating: 0)
    private var deniedByReason: InlineArray<16, UInt64> = .init(repeating: 0)
    private var durationCounts: InlineArray<14, UInt64> = .init(repeating: 0)
    /// All durations together.
    package private(set) var nanoseconds: UInt64 = 0
    package private(set) var bytesIn: UInt64 = 0
    package private(set) var bytesOut: UInt64 = 0
    /// Requests that passed because routes are in shadow.
    package private(set) var shadowRefused: UInt64 = 0
    /// Requests that routes don't have, which are answered 403 here.
    package private(set) var routeRefusals: UInt64 = 0
    package private(set) var tlsFailures: UInt64 = 0
    /// By the log's word, of which there are few; those beyond `tlsReasonsMax` are `other`.
    package private(set) var tlsFailuresByReason: [String: UInt64] = [:]
    static let tlsReasonsMax = 32

    package init() {}

    // MARK: Counting

    /// A connection that has left HTTP counts as an exchange, but its hours say nothing about how long an answer takes.
    package mutating func count(_ verdict: borrowing ExchangeVerdict) {
        exchangesByOutcome[Self.outcomeIndex(verdict.outcome, Int(verdict.status / 100))] &+= 1
        bytesIn &+= verdict.bytesIn
        bytesOut &+= verdict.bytesOut
        if verdict.shadow != nil { shadowRefused &+= 1 }
        if verdict.outcome == .refused, verdict.status == 403 { routeRefusals &+= 1 }
        guard verdict.status != 101 else { return }
        durationCounts[Self.durationClass(verdict.durationNanoseconds)] &+= 1
        nanoseconds &+= verdict.durationNanoseconds
    }

    package mutating func count(_ reason: DenialReason) { deniedByReason[Int(reason.rawValue)] &+= 1 }

    package mutating func countTLSFailure(_ reason: String) {
        tlsFailures &+= 1
        count(1, tlsFailuresFor: reason)
    }

    private mutating func count(_ count: UInt64, tlsFailuresFor reason: String) {
        let isKnown = tlsFailuresByReason[reason] != nil || tlsFailuresByReason.count < Self.tlsReasonsMax
        tlsFailuresByReason[isKnown ? reason : "other", default: 0] &+= count
    }

    package mutating func add(_ other: VerdictTally) {
        for index in exchangesByOutcome.indices { exchangesByOutcome[index] &+= other.exchangesByOutcome[index] }
        for index in deniedByReason.indices { deniedByReason[index] &+= other.deniedByReason[index] }
        for index in durationCounts.indices { durationCounts[index] &+= other.durationCounts[index] }
        nanoseconds &+= other.nanoseconds
        bytesIn &+= other.bytesIn
        bytesOut &+= other.bytesOut
        shadowRefused &+= other.shadowRefused
        routeRefusals &+= other.routeRefusals
        tlsFailures &+= other.tlsFailures
        for (reason, failures) in other.tlsFailuresByReason { count(failures, tlsFailuresFor: reason) }
    }

    // MARK: What was counted

    package func exchanges(_ outcome: Outcome, statusClass: Int) -> UInt64 { exchangesByOutcome[Self.outcomeIndex(outcome, statusClass)] }

    package func denied(_ reason: DenialReason) -> UInt64 { deniedByReason[Int(reason.rawValue)] }

    /// Exchanges by how long they took, in the classes of `durationMillisecondsMax` and one for those beyond.
    package var durations: [UInt64] { durationCounts.indices.map { durationCounts[$0] } }

    /// Six classes for each outcome. A status that is none has none either.
    private static func outcomeIndex(_ outcome: Outcome, _ statusClass: Int) -> Int {
        Int(outcome.rawValue) &* 6 &+ (statusClasses.contains(statusClass) ? statusClass : 0)
    }

    static func durationClass(_ nanoseconds: UInt64) -> Int {
        var index = 0
        for milliseconds in durationMillisecondsMax {
            if nanoseconds <= milliseconds &* 1_000_000 { return index }
            index &+= 1
        }
        return index
    }
}
