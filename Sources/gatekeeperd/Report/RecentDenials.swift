internal import Gatekeeper

/// Addresses that were turned away within the last minutes: who knocks now. Bounded, and known without a ledger.
struct RecentDenials: Sendable {
    /// What was longer ago is past.
    static let spanMilliseconds: Int64 = 600_000
    static let spanText = "10 minutes"
    static let sourcesMax = 256
    /// A calendar that was set back must not keep what seems to come later.
    private static let aheadMilliseconds: Int64 = 5_000

    private var sources: [PeerAddress: Tally] = [:]
    /// What comes once more, and how much of it was counted.
    private var known: [Denied: UInt64] = [:]

    private struct Denied: Hashable {
        var peer: PeerAddress
        var reason: DenialReason
    }

    private struct Tally {
        /// By the span that they were told in, the oldest first.
        var counts: [(at: WallTime, count: UInt64)] = []
        var reasons: Set<DenialReason> = []
        var lastAt: WallTime
    }

    /// One that knocks now.
    struct Source: Equatable, Sendable {
        var address: PeerAddress
        /// Within the span.
        var count: UInt64
        /// The log's words.
        var reasons: [String]
        var lastAt: WallTime
        /// The label of its entry in the allow-list, or the entry's address; nil for a stranger.
        var listedAs: String?
    }

    mutating func count(_ denials: [DenialSummary], at now: WallTime) {
        let known = known
        self.known = [:]
        for denial in denials where denial.reason != .dropped {
            guard let peer = denial.peer else { continue }
            let count = denial.count &- min(denial.count, known[Denied(peer: peer, reason: denial.reason)] ?? 0)
            guard count > 0 else { continue }
            let last = min(WallTime(milliseconds: denial.lastMilliseconds), now)
            var tally = sources[peer] ?? Tally(lastAt: last)
            // Half a minute is as exact as this needs to be, and keeps the list short.
            if let latest = tally.counts.last, now.milliseconds(since: latest.at) < 30_000 {
                tally.counts[tally.counts.count - 1].count &+= count
            } else {
                tally.counts.append((now, count))
            }
            tally.reasons.insert(denial.reason)
            tally.lastAt = max(tally.lastAt, last)
            sources[peer] = tally
        }
        forget(at: now)
    }

    /// These were counted and will come once more, with what is added to them.
    mutating func passOver(_ denials: [DenialSummary]) {
        for denial in denials { if let peer = denial.peer { known[Denied(peer: peer, reason: denial.reason)] = denial.count } }
    }

    private mutating func forget(at now: WallTime) {
        for (peer, tally) in sources {
            let counts = tally.counts.filter { Self.isRecent($0.at, now) }
            if counts.isEmpty { sources[peer] = nil } else if counts.count < tally.counts.count { sources[peer]?.counts = counts }
        }
        guard sources.count > Self.sourcesMax else { return }
        for source in sources.sorted(by: { $0.value.lastAt > $1.value.lastAt }).dropFirst(Self.sourcesMax) { sources[source.key] = nil }
    }

    private static func isRecent(_ time: WallTime, _ now: WallTime) -> Bool {
        (-aheadMilliseconds...spanMilliseconds).contains(now.milliseconds(since: time))
    }

    /// The latest first.
    ///
    /// - Parameter name: whom the list has under an address; nil for a stranger.
    func sources(at now: WallTime, name: (PeerAddress) -> String?) -> [Source] {
        sources.compactMap { peer, tally in
            let count = tally.counts.filter { Self.isRecent($0.at, now) }.reduce(0) { $0 &+ $1.count }
            guard count > 0 else { return nil }
            return Source(
                address: peer, count: count, reasons: tally.reasons.map { "\($0.word)" }.sorted(), lastAt: tally.lastAt,
                listedAs: name(peer))
        }.sorted { ($1.lastAt, $0.address.description) < ($0.lastAt, $1.address.description) }
    }
}
