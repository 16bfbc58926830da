/// What one source has used of its rate: a request fills it, time empties it.
///
/// ```
///   used ──▶ ┌──────────────┐ ◀── capacity: `count` requests
///   + 1 each │▓▓▓▓▓▓▓▓      │
///            └──┬───────────┘
///               ▼ `count` in `perMilliseconds`, evenly
/// ```
///
/// So `60/m` lets sixty through together where `1/s` lets one.
///
/// Counts in parts of a request so small that every rate for a second or a minute, and the configuration knows no others, empties a whole
/// number of them in a nanosecond: nothing is rounded, and what was used means the same by another rate.
struct RateBucket: Sendable {
    private var usedParts: UInt64 = 0
    /// When `usedParts` was right.
    private var settled: Instant
    /// What has emptied it since.
    private var rate: Rate

    /// The nanoseconds of a minute: a rate of one in a minute empties one part in each.
    private static let partsPerRequest: UInt64 = 60_000_000_000

    init(_ rate: Rate, now: Instant) {
        self.rate = rate
        settled = now
    }

    /// Takes a request, or tells in how many nanoseconds there is room for one and takes nothing.
    ///
    /// Another rate holds from this moment on: time until now has emptied the bucket by the one before, and a bucket that is too full for the
    /// new one is merely full. A `now` before the last one (workers look at the clock each for itself) empties nothing.
    mutating func take(by rate: Rate, now: Instant) -> UInt64? {
        let capacity = rate.countInRange * Self.partsPerRequest
        let used = min(usedParts(at: now), capacity) + Self.partsPerRequest
        settled = max(settled, now)
        self.rate = rate
        guard used <= capacity else {
            usedParts = used - Self.partsPerRequest
            return (used - capacity + rate.partsPerNanosecond - 1) / rate.partsPerNanosecond
        }
        usedParts = used
        return nil
    }

    /// What is still used at `now`; 0 for a source that may be forgotten.
    func usedParts(at now: Instant) -> UInt64 {
        let (emptied, overflow) = now.nanoseconds(since: settled).multipliedReportingOverflow(by: rate.partsPerNanosecond)
        return overflow || emptied >= usedParts ? 0 : usedParts - emptied
    }
}

extension Rate {
    /// The nearest count that makes sense and can be reckoned with.
    fileprivate var countInRange: UInt64 { UInt64(min(max(count, 1), 1_000_000)) }

    /// What a bucket loses in a nanosecond: as many parts as requests are allowed in a minute, and one at least.
    fileprivate var partsPerNanosecond: UInt64 { max(1, countInRange * 60_000 / UInt64(max(1, perMilliseconds))) }
}
