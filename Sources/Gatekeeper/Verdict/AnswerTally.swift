/// The answers to requests of one source, or by one ticket system, counted: how many were good, and how long they took.
///
/// Plain numbers of one worker's thread, as in `VerdictTally`; what several have counted is added up by whoever wants to know.
package struct AnswerTally: Sendable {
    package private(set) var succeeded: UInt64 = 0
    package private(set) var failed: UInt64 = 0
    /// When the last one ended, in milliseconds since 1970; 0 for none.
    package private(set) var lastMilliseconds: Int64 = 0
    /// Of requests and of answers, as framed on the wire inside TLS; counted for sources alone.
    package private(set) var bytesIn: UInt64 = 0
    package private(set) var bytesOut: UInt64 = 0
    private var durationCounts: InlineArray<14, UInt64> = .init(repeating: 0)

    package init() {}

    /// - Parameter nanoseconds: how long it took; nil where that says nothing.
    package mutating func count(isGood: Bool, nanoseconds: UInt64?, endedMilliseconds: Int64) {
        if isGood { succeeded &+= 1 } else { failed &+= 1 }
        lastMilliseconds = endedMilliseconds
        if let nanoseconds { durationCounts[VerdictTally.durationClass(nanoseconds)] &+= 1 }
    }

    mutating func countBytes(of verdict: borrowing ExchangeVerdict) {
        bytesIn &+= verdict.bytesIn
        bytesOut &+= verdict.bytesOut
    }

    /// A request whose last try was with this ticket system has ended. What a client or we have broken off says nothing of it.
    mutating func count(upstream verdict: borrowing ExchangeVerdict) {
        let isAnswered: Bool
        switch verdict.outcome {
        case .completed, .drained: isAnswered = true
        case .upstreamFailed, .upstreamTimeout: isAnswered = false
        case .refused, .clientGone, .clientTimeout, .aborted: return
        }
        count(
            isGood: isAnswered && verdict.status < 500, nanoseconds: isAnswered ? verdict.upstreamNanoseconds : nil,
            endedMilliseconds: verdict.endedMilliseconds)
    }

    package mutating func add(_ other: AnswerTally) {
        succeeded &+= other.succeeded
        failed &+= other.failed
        bytesIn &+= other.bytesIn
        bytesOut &+= other.bytesOut
        lastMilliseconds = max(lastMilliseconds, other.lastMilliseconds)
        for index in durationCounts.indices { durationCounts[index] &+= other.durationCounts[index] }
    }

    /// How long at most so many of a thousand took, in milliseconds, as near as the classes of `VerdictTally` tell; nil if none was timed.
    ///
    /// Within a class they are taken to be spread evenly; what took longer than the last bound is told as that bound.
    package func milliseconds(perMille: UInt64) -> Double? {
        let bounds = VerdictTally.durationMillisecondsMax
        let total = durationCounts.indices.reduce(0.0) { $0 + Double(durationCounts[$1]) }
        guard total > 0 else { return nil }
        let wanted = total * Double(perMille) / 1000
        var below = 0.0
        for index in bounds.indices {
            let count = Double(durationCounts[index])
            if count > 0, below + count >= wanted {
                let start = index == 0 ? 0 : Double(bounds[index - 1])
                return start + (Double(bounds[index]) - start) * max(0, wanted - below) / count
            }
            below += count
        }
        return Double(bounds[bounds.count - 1])
    }
}
