/// Makes few lines of many endings of one kind (denials, failed handshakes) without losing count.
///
/// ```
///   source unknown ─▶ its first one: a line at once (`denied`) ─▶ known: counted ─▶ one summary an interval (`denied_summary`)
///        │                                                           ▲
///        ├─ more than `firstLinesMax` such lines this interval ──────┘  (no line of its own, the summary has it)
///        └─ `sourcesMax` sources known ─▶ `others`: one summary a reason, with the number of sources
/// ```
///
/// The counts of all lines add up to what happened. In one interval there are at most `firstLinesMax` + `sourcesMax` + one line
/// per reason, about 0.9 MB, and memory is bounded by `sourcesMax`, whatever the flood. A source with none for a whole interval is
/// forgotten; its next one is a first again. A source is an address together with the reason, of which there is a bounded number;
/// strangers of one IPv6 /64 are one, as whoever has one address of it has them all.
struct SourceAggregator<Reason: SummedReason> {
    /// How often summaries are written: a minute is what an admin watching the log will wait, and bounds the log to a line a minute and
    /// source.
    static var intervalMilliseconds: Int { 60_000 }

    /// When `summaries(now:)` has something to do; nil if nothing is known.
    private(set) var deadline: Instant?

    private let sourcesMax: Int
    private let firstLinesMax: Int
    private var tallies: [Source: Tally] = [:]
    private var others: [Reason: Others] = [:]
    private let hash: AddressHash
    private var firstLines = 0

    init(sourcesMax: Int = 4096, firstLinesMax: Int = 256, hash: AddressHash = .random()) {
        self.sourcesMax = sourcesMax
        self.firstLinesMax = firstLinesMax
        self.hash = hash
    }

    /// Counts one. True: the caller writes its line now, and that line is the count.
    mutating func add(_ peer: PeerAddress, reason: Reason, wallMilliseconds: Int64, now: Instant) -> Bool {
        startInterval(now)
        let source = Source(peer, reason)
        if tallies[source] != nil {
            tallies[source]?.add(peer, at: wallMilliseconds)
            return false
        }
        guard tallies.count < sourcesMax else {
            others[reason, default: Others(hash)].tally.add(1, at: wallMilliseconds)
            others[reason]?.sources.insert(source.address)
            return false
        }
        var tally = Tally()
        defer { tallies[source] = tally }
        guard firstLines < firstLinesMax else {
            tally.add(peer, at: wallMilliseconds)
            return false
        }
        firstLines += 1
        return true
    }

    /// Counts those of which nothing but the reason is known.
    mutating func addUnseen(_ count: UInt64, reason: Reason, wallMilliseconds: Int64, now: Instant) {
        guard count > 0 else { return }
        startInterval(now)
        others[reason, default: Others(hash)].tally.add(count, at: wallMilliseconds)
    }

    /// The interval's summaries if it is over, else nothing.
    mutating func summaries(now: Instant) -> [SourceSummary<Reason>] {
        guard let deadline, deadline <= now else { return [] }
        let summaries = takeSummaries()
        self.deadline = tallies.isEmpty ? nil : now.advanced(byMilliseconds: Self.intervalMilliseconds)
        return summaries
    }

    /// The summaries of what is counted so far, the interval over or not; forgets every source.
    mutating func finish() -> [SourceSummary<Reason>] {
        let summaries = takeSummaries()
        tallies = [:]
        deadline = nil
        return summaries
    }

    private mutating func startInterval(_ now: Instant) {
        if deadline == nil { deadline = now.advanced(byMilliseconds: Self.intervalMilliseconds) }
    }

    private mutating func takeSummaries() -> [SourceSummary<Reason>] {
        var summaries: [SourceSummary<Reason>] = []
        for (source, tally) in tallies where tally.count > 0 {
            summaries.append(
                SourceSummary(
                    peer: tally.peer ?? source.address, isNetwork: tally.isNetwork, reason: source.reason, count: tally.count,
                    firstMilliseconds: tally.first, lastMilliseconds: tally.last, sources: 1))
        }
        summaries.sort { ($0.firstMilliseconds, $0.count) < ($1.firstMilliseconds, $1.count) }
        for (reason, rest) in others {
            summaries.append(
                SourceSummary(
                    peer: nil, reason: reason, count: rest.tally.count, firstMilliseconds: rest.tally.first,
                    lastMilliseconds: rest.tally.last, sources: rest.sources.count(atMost: rest.tally.count)))
        }
        others = [:]
        tallies = tallies.filter { $0.value.count > 0 }.mapValues { _ in Tally() }
        firstLines = 0
        return summaries
    }

    private struct Source: Hashable {
        /// Of a stranger with IPv6 the first of his network.
        var address: PeerAddress
        var reason: Reason

        init(_ peer: PeerAddress, _ reason: Reason) {
            let isNetwork = reason.isSummedByNetwork && !peer.isIPv4
            address = isNetwork ? peer.masked(to: DenialSummary.networkBits) : peer
            self.reason = reason
        }
    }

    private struct Tally {
        var count: UInt64 = 0
        var first: Int64 = 0
        var last: Int64 = 0
        /// The one address that is counted here, as long as there is one only.
        var peer: PeerAddress?
        var isNetwork: Bool { count > 0 && peer == nil }

        mutating func add(_ peer: PeerAddress, at wallMilliseconds: Int64) {
            if count == 0 { self.peer = peer } else if self.peer != peer { self.peer = nil }
            add(1, at: wallMilliseconds)
        }

        mutating func add(_ more: UInt64, at wallMilliseconds: Int64) {
            if count == 0 { first = wallMilliseconds }
            count += more
            last = wallMilliseconds
        }
    }

    private struct Others {
        var tally = Tally()
        var sources: DistinctEstimate

        init(_ hash: AddressHash) {
            sources = DistinctEstimate(hash: hash)
        }
    }
}
