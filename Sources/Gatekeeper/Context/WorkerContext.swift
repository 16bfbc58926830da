/// What everything on one worker shares: its loop and buffers, its log, the tables of its parsers, and the settings in force.
///
/// Belongs to the worker's thread. The conductor (`Conductor`) changes what may be set here; everybody else reads.
final class WorkerContext {
    let index: Int
    let loop: EventLoop
    let buffers = BufferPool()
    let journal: JournalWriter
    /// The newest settings that the worker has adopted.
    var snapshot: Snapshot
    /// The connections to the ticket systems of these settings.
    var upstreams: UpstreamPools
    /// By the number that log records have; a listener that was closed keeps its own for the connections that came by it.
    var listeners: [ListenerName] = []
    /// Nothing new is begun.
    var isDraining = false
    /// Until when a connection without a request stays open while draining.
    var drainIdleDeadline: Instant = .distantFuture
    /// What the list's entries have brought.
    var sources = SourceTally()
    var identifiers = ExchangeIdentifierSource(seed: System.randomSeed())
    /// Scratch of the parsers: a head is parsed and written on within one turn, so one table of each kind does for all connections.
    var requestFields = FieldTable()
    var responseFields = FieldTable()
    /// Wakes a connection, from any thread; without effect when it is over by then.
    var wake: @Sendable (ObjectIdentifier) -> Void = { _ in }
    /// Begins a task for a connection that rests.
    var resume: (ObjectIdentifier) -> Void = { _ in }
    /// Ends the visit in this place, from any thread; without effect when it is over by then.
    var endVisit: @Sendable (ChallengeVisits.Place) -> Void = { _ in }

    private let date = HTTPDate()

    init(index: Int, loop: EventLoop, snapshot: Snapshot, journal: JournalWriter) {
        self.index = index
        self.loop = loop
        self.snapshot = snapshot
        self.journal = journal
        upstreams = Self.makePools(snapshot, worker: index, buffers: buffers, journal: journal, loop: loop)
    }

    /// The value of `Date` at this turn of the loop.
    var dateText: Buffer { date.text(atUnixSeconds: loop.wallUnixSeconds) }

    /// The entry of the newest list that lets `peer` in now; nil when it has to go.
    func entry(for peer: PeerAddress) -> AllowList.EntryIndex? {
        snapshot.admission.entry(for: peer, nowUnixSeconds: loop.wallUnixSeconds)
    }

    /// A connection is turned away before a byte of TLS is read.
    func deny(_ peer: PeerAddress, proxy: PeerAddress? = nil, on listener: Int, because reason: DenialReason) {
        sources.deny()
        journal.denied(peer: peer, proxy: proxy, listener: listener, reason: reason, wallMilliseconds: loop.wallMilliseconds)
    }

    // MARK: Ticket systems

    /// Goes on with the ticket systems of `snapshot`.
    func renewUpstreams() {
        upstreams.end()
        upstreams = Self.makePools(snapshot, worker: index, buffers: buffers, journal: journal, loop: loop)
    }

    private static func makePools(
        _ snapshot: Snapshot, worker index: Int, buffers: BufferPool, journal: JournalWriter, loop: EventLoop
    ) -> UpstreamPools {
        UpstreamPools(snapshot.upstream, worker: index, loop: loop) { upstreamIndex, target in
            let contexts = snapshot.upstream.contexts[upstreamIndex]
            let tls = target.tls.flatMap { settings in contexts.map { UpstreamTLS(settings, context: $0[index]) } }
            return UpstreamPool(target, tls: tls, buffers: buffers, worker: index, loop: loop) { change, reason in
                report(change, reason, of: target, in: journal, loop)
            }
        }
    }

    /// A ticket system is down, or back.
    private static func report(
        _ change: UpstreamHealth.Change, _ reason: StaticString?, of target: UpstreamTarget, in journal: JournalWriter, _ loop: EventLoop
    ) {
        var fields = [JournalField("upstream", target.name)]
        if let reason { fields.append(JournalField("reason", "\(reason)")) }
        target.note(
            change == .up ? nil : UpstreamTarget.Failure(reason: reason ?? "unknown", sinceMilliseconds: loop.wallMilliseconds))
        journal.event(
            change == .down ? "upstream_down" : "upstream_up", stage: .upstream, fields: fields, wallMilliseconds: loop.wallMilliseconds)
    }
}
