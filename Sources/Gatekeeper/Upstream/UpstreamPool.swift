/// The kept upstream connections of one worker: each for one source, handed out newest first, closed when they are old, many, or no longer
/// clean.
///
/// ```
///   answer read ─▶ give ─┬─ nobody waits ───────────────────────▶ kept ─▶ take, in a later turn of the loop
///                        └─ others wait, or 204, 304 ─▶ settling ─▶ next turn: clean? ─▶ whose turn it is, or kept
/// ```
///
/// *For one source*: an upstream that leaves a body unread takes it for the next request, and some bind a user to the connection. Nobody gets a
/// connection that another address has spoken on.
///
/// *Clean*: nothing to read and no FIN. Bytes that arrive on an idle connection belong to no request of ours (Roundup sends a body after
/// some HEAD responses); on the next exchange they would be taken for its response. So a connection on which anything has arrived is closed,
/// never used. What is on its way when an answer ends is only seen when the kernel is asked again: hence never in the same turn.
///
/// *Many* follows the load: the newest go out first, so those that fewer requests don't need grow old. `connections_max` bounds all of them, and
/// idle ones are given up where somebody waits.
///
/// *Old* is what the settings say, or what was learned (`LearnedIdleTime`).
final class UpstreamPool {
    /// A host that has answered so recently is taken to be there for a request that can't be repeated.
    private static let provenMilliseconds: UInt64 = 2_000
    /// How long an idle connection is kept from other workers' requests.
    private static let reserveMilliseconds = 10
    /// How long a UNIX socket's path isn't looked at again.
    private static let stampMilliseconds = 20

    let target: UpstreamTarget
    /// Nil in clear.
    let tls: UpstreamTLS?
    let buffers: BufferPool
    let loop: EventLoop
    private let worker: Int
    private let queue: ConnectionQueue
    /// Told when the ticket system seems to be down, and why, and when it is back.
    let report: (UpstreamHealth.Change, StaticString?) -> Void
    /// Begins a task that asks whether the ticket system lives, if there is anybody to do that.
    var beginAsking: (() -> Void)?
    private var idle = IdleConnections()
    /// Between two requests of the client's connection that each belongs to.
    private var bound: [ObjectIdentifier: UpstreamConnection] = [:]
    /// Not to be used before the loop has turned.
    private var settling: [UpstreamConnection] = []
    /// All idle connections wake this one: something arrived on one of them, or the oldest has aged.
    private let waiter: Waiter
    private var idleTime: LearnedIdleTime
    private(set) var isEnded = false
    /// To requests whose last try was here.
    var answers = AnswerTally()
    private var sweptEpoch: UInt64 = 0
    /// When those who wait are next given an idle connection's slot.
    private var relieveAt = Instant.distantFuture
    private var stamp: FileStamp?
    private var stampUntil = Instant(nanoseconds: 0)

    init(
        _ target: UpstreamTarget, tls: UpstreamTLS? = nil, buffers: BufferPool, worker: Int = 0, loop: EventLoop,
        report: @escaping (UpstreamHealth.Change, StaticString?) -> Void = { _, _ in }
    ) {
        self.report = report
        self.worker = worker
        queue = ConnectionQueue(target.slots, worker: worker, loop: loop)
        self.target = target
        self.tls = tls
        self.buffers = buffers
        self.loop = loop
        waiter = Waiter(on: loop)
        idleTime = LearnedIdleTime(settingMilliseconds: target.idleTimeoutMilliseconds)
    }

    // MARK: Kept connections

    /// A clean connection of `source` that has been idle since an earlier turn of the loop, or nil: dial then.
    ///
    /// `certain` is for a request that can't be repeated: a lost POST is a lost ticket. It gets a connection that has carried an answer within
    /// two seconds, and the kernel is asked once more whether anything has arrived since epoll was last looked at.
    ///
    /// - Parameters:
    ///   - serverName: the host that is asked for, which a connection by the configuration's own name doesn't depend on.
    ///   - shown: whom the ticket system is to see.
    func take(
        for source: PeerAddress, certain: Bool, serverName: String? = nil, showing shown: ShownClient? = nil
    ) -> UpstreamConnection? {
        let serverName = asked(serverName)
        var next = idle.newest(of: source)
        while let connection = next {
            next = idle.older(than: connection)
            if connection.idleSince == loop.now || connection.serverName != serverName || connection.shown != shown { continue }
            if certain, age(of: connection) >= Self.provenMilliseconds { return nil }
            idle.remove(connection)
            if isGood(connection, certain: certain) { return connection }
            discard(connection)
        }
        return nil
    }

    /// By which a connection is asked for.
    func asked(_ serverName: String?) -> String? { tls?.asksByHost == true ? serverName : nil }

    /// A connection of `source` may be taken in the next turn of the loop.
    func hasJustKept(for source: PeerAddress) -> Bool {
        idle.newest(of: source)?.idleSince == loop.now
    }

    /// Takes a connection back whose last response has been read to its end.
    ///
    /// - Parameter hadNoBody: it was a 204 or 304, behind which some upstreams send a body all the same.
    func give(_ connection: UpstreamConnection, hadNoBody: Bool = false) {
        connection.idleSince = loop.now
        guard !isEnded, target.idleConnectionsMax > 0, isGood(connection, certain: false) else { return connection.retire() }
        if let stream = connection.tls, connection.exchanges == 1 { tls?.remember(stream, wallSeconds: loop.wallUnixSeconds) }
        // Who waits for a slot is somebody else, as a rule, and may not have the connection.
        if connection.shown != nil, target.slots.isContended { return connection.retire() }
        if hadNoBody || target.slots.isContended { return settle(connection) }
        keep(connection)
    }

    private func keep(_ connection: UpstreamConnection) {
        if idle.count >= target.idleConnectionsMax, let oldest = idle.oldest { evict(oldest) }
        rest(connection)
        idle.add(connection)
        if idle.count == 1 { waiter.wake() }
    }

    /// From here on the pool hears of what arrives on it.
    private func rest(_ connection: UpstreamConnection) {
        connection.socket.waiter = waiter
        connection.socket.interest = [.readable]
    }

    private func settle(_ connection: UpstreamConnection) {
        connection.socket.interest = []
        settling.append(connection)
        loop.wakeLater(waiter)
    }

    /// What has settled is kept, or goes to whose turn it is.
    private func finishSettling() {
        guard !settling.isEmpty else { return }
        let settled = settling.filter { isEnded || $0.idleSince < loop.now }
        settling.removeAll { isEnded || $0.idleSince < loop.now }
        if !settling.isEmpty { loop.wakeLater(waiter) }
        for connection in settled {
            guard !isEnded, isGood(connection, certain: true) else {
                connection.retire()
                continue
            }
            guard target.slots.isContended else {
                keep(connection)
                continue
            }
            guard connection.shown == nil else {
                connection.retire()
                continue
            }
            switch target.slots.handOver(from: connection.source, worker: worker, now: loop.now) {
            case .ticket(let number): queue.grant(.connection(connection), to: number)
            case .passedOn:
                connection.leaveSlot()
                connection.retire()
            case .nobody:
                keep(connection)
                relieveWaiting()
            }
        }
    }

    private func isGood(_ connection: UpstreamConnection, certain: Bool) -> Bool {
        connection.isClean(certain: certain, pool: buffers) && age(of: connection) < idleTime.milliseconds && isCurrent(connection)
    }

    /// It leads to where a new one would.
    private func isCurrent(_ connection: UpstreamConnection) -> Bool {
        guard target.accepts(connection) else { return false }
        guard case .unix(let path) = connection.address, let own = connection.stamp else { return true }
        if loop.now >= stampUntil {
            stamp = FileStamp(path: path)
            stampUntil = loop.now.advanced(byMilliseconds: Self.stampMilliseconds)
        }
        // A path that leads nowhere says nothing about who is there.
        guard let stamp else { return true }
        return stamp == own
    }

    // MARK: Connections that belong to a client's connection

    /// Keeps a bound connection between two requests: it keeps its slot, and ends with the others when it gets old.
    func rest(bound connection: UpstreamConnection) {
        connection.idleSince = loop.now
        guard !isEnded, connection.isClean(certain: false, pool: buffers) else { return connection.retire() }
        rest(connection)
        bound[ObjectIdentifier(connection)] = connection
        waiter.wake()
    }

    /// For the next request of whom it belongs to; false when it has ended meanwhile.
    func take(bound connection: UpstreamConnection) -> Bool {
        guard bound.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return false }
        if !isEnded, isGood(connection, certain: true) { return true }
        connection.retire()
        return false
    }

    /// Whom it belongs to has gone.
    func release(bound connection: UpstreamConnection) {
        if bound.removeValue(forKey: ObjectIdentifier(connection)) != nil { connection.retire() }
    }

    /// A client's connection has gone, and with it the only one that these were for.
    func forget(_ shown: ShownClient, of source: PeerAddress) {
        var next = idle.newest(of: source)
        while let connection = next {
            next = idle.older(than: connection)
            if connection.shown == shown { evict(connection) }
        }
    }

    // MARK: Slots

    /// A connection from the pool or a new one, as soon as `upstream.connections_max` and the shares of others allow it.
    func open(
        for source: PeerAddress, waiter: Waiter, certain: Bool, serverName: String? = nil, showing shown: ShownClient? = nil,
        timeouts: Settings.Timeouts, queueMilliseconds: Int, isAbandoned: () -> Bool, whenLong: () -> Void = {}
    ) async -> DialOutcome {
        let deadline = loop.now.advanced(byMilliseconds: queueMilliseconds)
        while !takeSlot(for: source) {
            switch await queue.wait(for: source, waiter, until: deadline, isAbandoned: isAbandoned, whenLong: whenLong) {
            case .granted(.connection(let connection)):
                if connection.serverName == asked(serverName), connection.shown == shown, isGood(connection, certain: certain) {
                    return .connected(connection)
                }
                connection.close()
                continue
            case .granted(.slot):
                return await dialCounted(for: source, waiter: waiter, serverName: serverName, shown, timeouts: timeouts)
            case .full: return .queueFull
            case .timedOut: return .queueTimedOut
            case .abandoned, .aborted: return .aborted
            }
        }
        return await dialCounted(for: source, waiter: waiter, serverName: serverName, shown, timeouts: timeouts)
    }

    /// A slot that is free, or that an idle connection gives up: first another source's, then one of its own that it had no use for. None is given
    /// up for a source that may have no more all the same.
    private func takeSlot(for source: PeerAddress) -> Bool {
        while !target.slots.take(for: source, worker: worker) {
            guard target.slots.couldTake(for: source, freeing: idle.count, own: idle.count(of: source)),
                let victim = idle.oldest(butNotOf: source) ?? idle.oldest
            else { return false }
            evict(victim)
        }
        return true
    }

    /// In a slot that was taken before; it is free again if this fails.
    private func dialCounted(
        for source: PeerAddress, waiter: Waiter, serverName: String?, _ shown: ShownClient?, timeouts: Settings.Timeouts
    ) async -> DialOutcome {
        let outcome = await dial(
            waiter: waiter, on: loop, timeoutMilliseconds: timeouts.connectMilliseconds, serverName: serverName,
            showing: shown)
        if case .connected(let connection) = outcome { connection.occupy(slotOf: self, for: source) } else { slotFreed(by: source) }
        return outcome
    }

    /// A connection is over: its slot is for whose turn it is.
    func slotFreed(by source: PeerAddress) {
        target.slots.give(back: source, worker: worker)
    }

    /// Somebody waits for a slot, here or with another worker, or has been given one; or kept connections aren't to be trusted any more.
    func relieve() {
        queue.deliver()
        if sweptEpoch != target.currentEpoch { sweep() }
        relieveWaiting()
    }

    /// Gives up the oldest idle connection if that, or that and more, would get somebody a slot: whoever has been helped rings again. Not before
    /// it has lain idle for a moment: under load the next request takes it, and those who wait have connections of their own worker's to come.
    private func relieveWaiting() {
        guard let oldest = idle.oldest, target.slots.wouldHelp(freeing: idle.count, own: { idle.count(of: $0) }) else { return }
        let due = oldest.idleSince.advanced(byMilliseconds: Self.reserveMilliseconds)
        if loop.now >= due { return evict(oldest) }
        if relieveAt == .distantFuture { waiter.wake() }
        relieveAt = min(relieveAt, due)
    }

    private func evict(_ connection: UpstreamConnection) {
        idle.remove(connection)
        connection.retire()
    }

    // MARK: Cleaning

    /// Keeps the pool clean, until `end`.
    func run() async {
        while !isEnded {
            _ = await waiter.wait(until: min(nextAging, idleTime.forgetAt, relieveAt))
            finishSettling()
            if loop.now >= relieveAt {
                relieveAt = .distantFuture
                relieveWaiting()
            }
            sweep()
        }
        finishSettling()
        while let oldest = idle.oldest { evict(oldest) }
        for connection in bound.values { connection.retire() }
        bound.removeAll()
        waiter.end()
    }

    func end() {
        isEnded = true
        waiter.wake()
    }

    private var nextAging: Instant {
        let oldest = bound.values.reduce(idle.oldest?.idleSince ?? .distantFuture) { min($0, $1.idleSince) }
        return oldest == .distantFuture ? oldest : oldest.advanced(byMilliseconds: Int(idleTime.milliseconds))
    }

    private func sweep() {
        idleTime.forget(now: loop.now)
        sweptEpoch = target.currentEpoch
        var next = idle.oldest
        while let connection = next {
            next = idle.newer(than: connection)
            if isGood(connection, certain: false) { continue }
            idle.remove(connection)
            discard(connection)
        }
        for (key, connection) in bound where !isGood(connection, certain: false) {
            bound[key] = nil
            discard(connection)
        }
    }

    private func discard(_ connection: UpstreamConnection) {
        if connection.socket.peerClosed { idleTime.learn(age(of: connection), now: loop.now) }
        connection.retire()
    }

    private func age(of connection: UpstreamConnection) -> UInt64 {
        loop.now.nanoseconds(since: connection.idleSince) / 1_000_000
    }
}
