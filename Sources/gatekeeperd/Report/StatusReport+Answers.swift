internal import Gatekeeper

extension StatusReport {
    /// How requests of one source, or to one ticket system, were answered since the start.
    struct Answers: Equatable, Sendable {
        /// Of a source its label, or its address.
        var name: String
        var succeeded: UInt64
        var failed: UInt64
        /// In milliseconds, half and 95 of a hundred took no longer; nil where none was timed.
        var median: Double?
        var percentile95: Double?
        /// When the last one ended.
        var lastAt: WallTime?

        /// Of a hundred, rounded down, so that 100 means all; nil where there is none.
        var successText: String? {
            let total = succeeded &+ failed
            guard total > 0 else { return nil }
            let perMille = UInt64((Double(succeeded) / Double(total) * 1000).rounded(.down))
            return failed == 0 ? "100 %" : "\(min(perMille, 999) / 10).\(min(perMille, 999) % 10) %"
        }

        /// `8 ms`, `1.2 s`, `> 60 s`; for people, as exact as it is known.
        static func text(milliseconds: Double) -> String {
            let whole = Int(milliseconds.rounded(.up))
            if whole >= Int(VerdictTally.durationMillisecondsMax.last ?? 0) { return "> \(whole / 1000) s" }
            return whole < 1000 ? "\(whole) ms" : "\(whole / 1000).\(whole % 1000 / 100) s"
        }
    }

    /// How many connections there may be.
    struct Limits: Equatable, Sendable {
        var connections: Int
        var connectionsPerSource: Int
    }

    /// A reason for which TLS failed, by the log's word.
    struct TLSFailures: Equatable, Sendable {
        var reason: String
        var count: UInt64
    }
}

extension StatusReport.Answers {
    init(name: String, _ tally: AnswerTally) {
        self.init(
            name: name, succeeded: tally.succeeded, failed: tally.failed, median: tally.milliseconds(perMille: 500),
            percentile95: tally.milliseconds(perMille: 950),
            lastAt: tally.lastMilliseconds > 0 ? WallTime(milliseconds: tally.lastMilliseconds) : nil)
    }
}
