/// The idle upstream connections of one worker: handed out newest first, closed when they are old, many, or no longer clean.
///
/// *Clean*: nothing to read and no FIN. Bytes that arrive on an idle connection belong to no request of ours (Roundup sends a body after
/// some HEAD responses); on the next exchange they would be taken for its response. So a connection on which anything has arrived is closed,
/// never used.
///
/// *Old* is learned: an upstream that closes idle connections after a second (Starman) makes us keep them for three quarters of that, so that
/// a POST doesn't meet the closing. What was learned is doubled every minute that passes without another such closing, up to the setting.
final class UpstreamPool {
    /// Shorter lives are taken for a restart of the upstream and not for its habit.
    private static let learnedIdleMillisecondsMin: UInt64 = 100
    private static let forgetAfterMilliseconds = 60_000

    let target: UpstreamTarget
    /// Nil in clear.
    let tls: UpstreamTLS?
    let buffers: BufferPool
    private let loop: EventLoop
    private let queue: ConnectionQueue
    /// Told when the ticket system seems to be down, and why, and when it is back.
    private let report: (UpstreamHealth.Change, StaticString?) -> Void
    /// Idle connections, oldest first.
    private var idle: [UpstreamConnection] = []
    /// All idle connections wake this one: something arrived on one of them, or the oldest has aged.
    private let waiter: Waiter
    private var idleMilliseconds: UInt64
    private var forgetAt: Instant = .distantFuture
    private var isEnded = false

    init(
        _ target: UpstreamTarget, tls: UpstreamTLS? = nil, buffers: BufferPool, loop: EventLoop,
        report: @escaping (UpstreamHealth.Change, StaticString?) -> Void = { _, _ in }
    ) {
        self.report = report
        queue = ConnectionQueue(target.slots, loop: loop)
        self.target = target
        self.tls = tls
        self.buffers = buffers
        self.loop = loop
        waiter = Waiter(on: loop)
        idleMilliseconds = UInt64(target.idleTimeoutMilliseconds)
    }

    /// A clean idle connection, or nil: dial then.
    ///
    /// With `certain` the kernel is asked once more whether anything has arrived since epoll was last looked at: for a request that can't be
    /// repeated, one system call is cheaper than a lost ticket.
    ///
    /// - Parameter serverName: the host that is asked for, which a connection by the configuration's own name doesn't depend on.
    func take(certain: Bool, serverName: String? = nil) -> UpstreamConnection? {
        let serverName = asked(serverName)
        while let place = idle.lastIndex(where: { $0.serverName == serverName }) {
            let connection = idle.remove(at: place)
            if connection.isClean(certain: certain, pool: buffers), age(of: connection) < idleMilliseconds { return connection }
            discard(connection)
        }
        return nil
    }

    /// By which a connection is asked for.
    private func asked(_ serverName: String?) -> String? { tls?.asksByHost == true ? serverName : nil }

    /// Takes a connection back whose last response has been read to its end.
    func give(_ connection: UpstreamConnection) {
        guard !isEnded, target.idleConnectionsMax > 0, connection.isClean(certain: false, pool: buffers) else { return connection.retire() }
        if let stream = connection.tls, connection.exchanges == 1 {
            tls?.remember(stream, wallSeconds: loop.wallUnixSeconds)
        }
        if queue.serve(.connection(connection)) { return }
        // Another worker's requests wait for its place.
        if target.slots.isContended { return connection.retire() }
        if idle.count >= target.idleConnectionsMax { idle.removeFirst().retire() }
        connection.idleSince = loop.now
        connection.socket.waiter = waiter
        connection.socket.interest = [.readable]
        idle.append(connection)
        if idle.count == 1 { waiter.wake() }
    }

    // MARK: Places

    /// A connection from the pool or a new one, as soon as `upstream.connections_max` allows it.
    func open(
        waiter: Waiter, certain: Bool, serverName: String? = nil, timeouts: Settings.Timeouts, queueMilliseconds: Int,
        isAbandoned: () -> Bool
    ) async -> DialOutcome {
        let deadline = loop.now.advanced(byMilliseconds: queueMilliseconds)
        while !target.slots.take() {
            switch await queue.wait(waiter, until: deadline, isAbandoned: isAbandoned) {
            case .granted(.connection(let connection)):
                if connection.serverName == asked(serverName), connection.isClean(certain: certain, pool: buffers) {
                    return .connected(connection)
                }
                connection.close()
                continue
            case .granted(.slot): return await dialCounted(waiter: waiter, serverName: serverName, timeouts: timeouts)
            case .full: return .queueFull
            case .timedOut: return .queueTimedOut
            case .abandoned, .aborted: return .aborted
            }
        }
        return await dialCounted(waiter: waiter, serverName: serverName, timeouts: timeouts)
    }

    /// In a place that was taken before; it is free again if this fails.
    private func dialCounted(waiter: Waiter, serverName: String?, timeouts: Settings.Timeouts) async -> DialOutcome {
        let outcome = await dial(
            waiter: waiter, on: loop, timeoutMilliseconds: timeouts.connectMilliseconds, serverName: serverName)
        if case .connected(let connection) = outcome { connection.occupy(slotOf: self) } else { slotFreed() }
        return outcome
    }

    /// A connection is over: its place is for whoever has waited longest.
    func slotFreed() {
        if !queue.serve(.slot) { target.slots.give() }
    }

    /// Somebody waits for a place, here or with another worker.
    func relieve() {
        while !queue.isEmpty, target.slots.take() {
            if !queue.serve(.slot) { target.slots.give() }
        }
        if queue.isEmpty, target.slots.isContended, !idle.isEmpty { idle.removeFirst().retire() }
    }

    // MARK: Health

    func noteSuccess() {
        if let change = target.health.noteSuccess() { report(change, nil) }
    }

    func noteFailure(_ reason: StaticString) {
        if let change = target.health.noteFailure(now: loop.now) { report(change, reason) }
    }

    // MARK: Cleaning

    /// Keeps the pool clean, until `end`.
    func run() async {
        while !isEnded {
            let wake: Instant = idle.first.map { $0.idleSince.advanced(byMilliseconds: Int(idleMilliseconds)) } ?? .distantFuture
            _ = await waiter.wait(until: min(wake, forgetAt))
            sweep()
        }
        for connection in idle { connection.retire() }
        idle.removeAll()
        waiter.end()
    }

    func end() {
        isEnded = true
        waiter.wake()
    }

    private func sweep() {
        if loop.now >= forgetAt {
            idleMilliseconds = min(idleMilliseconds * 2, UInt64(target.idleTimeoutMilliseconds))
            let isForgotten = idleMilliseconds == UInt64(target.idleTimeoutMilliseconds)
            forgetAt = isForgotten ? .distantFuture : loop.now.advanced(byMilliseconds: Self.forgetAfterMilliseconds)
        }
        var kept: [UpstreamConnection] = []
        kept.reserveCapacity(idle.count)
        for connection in idle {
            if age(of: connection) < idleMilliseconds, connection.isClean(certain: false, pool: buffers) {
                kept.append(connection)
            } else {
                discard(connection)
            }
        }
        idle = kept
    }

    private func discard(_ connection: UpstreamConnection) {
        if connection.socket.peerClosed { learn(age(of: connection)) }
        connection.retire()
    }

    /// The upstream closed an idle connection at this age.
    private func learn(_ ageMilliseconds: UInt64) {
        guard ageMilliseconds < idleMilliseconds else { return }
        idleMilliseconds = max(ageMilliseconds * 3 / 4, Self.learnedIdleMillisecondsMin)
        forgetAt = loop.now.advanced(byMilliseconds: Self.forgetAfterMilliseconds)
    }

    private func age(of connection: UpstreamConnection) -> UInt64 {
        loop.now.nanoseconds(since: connection.idleSince) / 1_000_000
    }
}
