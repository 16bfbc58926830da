internal import Gatekeeper

/// What happened in one minute, or in several: the series that the status page draws.
struct MinuteCounts: Equatable, Sendable {
    /// Connections that were turned away.
    var denied: UInt32 = 0
    /// Requests of admitted clients that ended, however they did.
    var requests: UInt32 = 0
    /// Those that were answered with 5xx by the ticket system, or by us because it can't be reached.
    var errors: UInt32 = 0
    /// Those that we didn't pass on.
    var refused: UInt32 = 0

    static func + (a: MinuteCounts, b: MinuteCounts) -> MinuteCounts {
        func sum(_ a: UInt32, _ b: UInt32) -> UInt32 {
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? .max : sum
        }
        return MinuteCounts(
            denied: sum(a.denied, b.denied), requests: sum(a.requests, b.requests), errors: sum(a.errors, b.errors),
            refused: sum(a.refused, b.refused))
    }

    /// One of them.
    enum Series: String, CaseIterable, Sendable {
        case denied, requests, errors, refused
    }

    subscript(series: Series) -> UInt32 {
        switch series {
        case .denied: denied
        case .requests: requests
        case .errors: errors
        case .refused: refused
        }
    }

    /// The same since the start of a process: counters that only grow.
    struct Totals: Equatable, Sendable {
        var denied: UInt64 = 0
        var requests: UInt64 = 0
        var errors: UInt64 = 0
        var refused: UInt64 = 0

        /// What has come since `earlier`.
        func since(_ earlier: Totals) -> MinuteCounts {
            func difference(_ now: UInt64, _ before: UInt64) -> UInt32 { UInt32(clamping: now > before ? now - before : 0) }
            return MinuteCounts(
                denied: difference(denied, earlier.denied), requests: difference(requests, earlier.requests),
                errors: difference(errors, earlier.errors), refused: difference(refused, earlier.refused))
        }
    }
}

extension MinuteCounts.Totals {
    init(_ verdicts: VerdictTally) {
        for reason in DenialReason.allCases where reason != .dropped { denied &+= verdicts.denied(reason) }
        for outcome in Outcome.allCases {
            for statusClass in VerdictTally.statusClasses {
                let count = verdicts.exchanges(outcome, statusClass: statusClass)
                requests &+= count
                switch outcome {
                case .refused: refused &+= count
                case .upstreamFailed, .upstreamTimeout: errors &+= count
                case .completed, .drained, .clientGone, .clientTimeout, .aborted: if statusClass == 5 { errors &+= count }
                }
            }
        }
    }
}
