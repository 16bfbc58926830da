internal import Gatekeeper

/// Sources of the allow-list that a limit turns away: somebody whose requests are wanted, and don't come in.
struct LimitedSources: Sendable {
    private var sources: [Key: Tally] = [:]

    /// What comes once more, and how much of it was counted.
    private var known: [Denied: UInt64] = [:]

    private struct Denied: Hashable {
        var peer: PeerAddress
        var reason: DenialReason
    }

    private struct Key: Hashable {
        var name: String
        var reason: DenialReason
    }

    private struct Tally {
        /// Of the last few spans, the oldest first.
        var counts: [(at: WallTime, count: UInt64)] = []
        var since: WallTime
    }

    /// One that is turned away now.
    struct Source: Equatable, Sendable {
        var name: String
        /// The log's word.
        var reason: String
        var count: UInt64
        var since: WallTime
        var cure: String
    }

    /// What was longer ago is over.
    static let spanMilliseconds: Int64 = 600_000
    static let spanText = "ten minutes"
    /// Fewer may be a moment's crowd.
    static let countMin: UInt64 = 3
    /// Names beyond are told by the log alone.
    private static let sourcesMax = 200

    /// - Parameter name: whom the list has under an address; nil for a stranger.
    mutating func count(_ denials: [DenialSummary], at now: WallTime, name: (PeerAddress) -> String?) {
        forget(at: now)
        let known = known
        self.known = [:]
        for denial in denials where Self.isByLimit(denial.reason) {
            guard let peer = denial.peer, let name = name(peer) else { continue }
            let count = denial.count &- min(denial.count, known[Denied(peer: peer, reason: denial.reason)] ?? 0)
            let key = Key(name: name, reason: denial.reason)
            guard count > 0, sources[key] != nil || sources.count < Self.sourcesMax else { continue }
            sources[key, default: Tally(since: WallTime(milliseconds: denial.firstMilliseconds))].counts.append((now, count))
        }
    }

    /// These were counted and will come once more, with what is added to them.
    mutating func passOver(_ denials: [DenialSummary]) {
        for denial in denials where Self.isByLimit(denial.reason) {
            if let peer = denial.peer { known[Denied(peer: peer, reason: denial.reason)] = denial.count }
        }
    }

    mutating func forget(at now: WallTime) {
        for key in sources.keys {
            sources[key]?.counts.removeAll { now.milliseconds(since: $0.at) > Self.spanMilliseconds }
            if sources[key]?.counts.isEmpty ?? false { sources[key] = nil }
        }
    }

    var current: [Source] {
        sources.compactMap { key, tally in
            let count = tally.counts.reduce(0) { $0 &+ $1.count }
            guard count >= Self.countMin else { return nil }
            return Source(
                name: key.name, reason: "\(key.reason.word)", count: count, since: tally.since, cure: Self.cure(key.reason))
        }.sorted { ($0.name, $0.reason) < ($1.name, $1.reason) }
    }

    /// Somebody who is listed is turned away for these reasons alone.
    private static func isByLimit(_ reason: DenialReason) -> Bool {
        ![.notListed, .expired, .dropped, .proxyHeader, .challengePage, .lockdown].contains(reason)
    }

    private static func cure(_ reason: DenialReason) -> String {
        switch reason {
        case .connectionsPerSource:
            "raise limits.connections_per_source if the vendor needs as many at once, or have it close those that it has done with"
        case .connections: "raise limits.connections, and see in `gatekeeperd status` who holds them"
        case .descriptors: "raise LimitNOFILE= of the unit"
        default: "raise the limit that is called so, or find out why the source needs so much"
        }
    }
}
