/// The buckets of a bounded number of sources.
///
/// A source whose bucket has emptied may be forgotten at no loss; that is done when room is needed. If all of them are in use, the one that
/// has used least is forgotten, which gives it back what it had used: whoever is at its limit stays there, nobody pays for others, and memory
/// stays bounded.
struct RateTable: Sendable {
    private var buckets: [PeerAddress: RateBucket] = [:]
    private let sourcesMax: Int

    /// - Parameter sourcesMax: at least 1.
    init(sourcesMax: Int) {
        self.sourcesMax = max(1, sourcesMax)
    }

    var count: Int { buckets.count }

    /// As `RateBucket.take`.
    mutating func take(_ source: PeerAddress, by rate: Rate, now: Instant) -> UInt64? {
        if buckets.count >= sourcesMax, buckets[source] == nil { makeRoom(now: now) }
        return buckets[source, default: RateBucket(rate, now: now)].take(by: rate, now: now)
    }

    private mutating func makeRoom(now: Instant) {
        buckets = buckets.filter { $0.value.usedParts(at: now) > 0 }
        guard buckets.count >= sourcesMax else { return }
        if let least = buckets.min(by: { $0.value.usedParts(at: now) < $1.value.usedParts(at: now) }) { buckets[least.key] = nil }
    }
}
