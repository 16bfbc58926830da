/// An exchange's hold on the ticket systems: the connection that it gets, what its failure says of them, where the connection goes afterwards.
struct UpstreamHold: ~Copyable {
    private let session: ClientSession
    private let upstreams: UpstreamPools
    /// Whom this was last tried with.
    private(set) var pool: UpstreamPool?
    /// The request brings a login that belongs to a connection.
    private let bringsIdentity: Bool
    /// The request says nothing of its connection's end, and so is for nobody else.
    private var onlyTarget: UpstreamTarget?
    private var watch: AcknowledgementWatch?
    private var hasSuspected = false
    private var hasAnswered = false
    private var began = Instant(nanoseconds: 0)

    private var connection: ClientConnection { session.connection }

    /// As long as a check may take where none says so.
    private static let suspicionMilliseconds = 5_000

    init(_ upstreams: UpstreamPools, on session: ClientSession, bringsIdentity: Bool) {
        self.upstreams = upstreams
        self.session = session
        self.bringsIdentity = bringsIdentity
    }

    /// The request is part of a login that can't live with a connection that closes. Only where the ticket system has asked for such a one, and then
    /// with none that hasn't: else whoever sends a body could have the connection kept, and have the body taken for a request.
    mutating func keepsConnection() -> Bool {
        if upstreams.group.bindIdentities { return bringsIdentity || session.binding?.target != nil }
        guard let target = session.binding?.target, target.bindsIdentities else { return false }
        onlyTarget = target
        return true
    }

    /// The ticket systems of the time when this began.
    var group: UpstreamGroup { upstreams.group }

    // MARK: Getting one

    /// A connection to the first ticket system that takes one: the client's own, kept from before, or new.
    ///
    /// - Parameters:
    ///   - fresh: for a request that has failed on another.
    ///   - certain: it can't be repeated.
    ///   - serverName: as `UpstreamPool.take`.
    mutating func obtain(fresh: Bool, certain: Bool, serverName: String?) async -> DialOutcome {
        defer { beginWatch() }
        if !fresh, let binding = session.binding {
            if binding.hasJustRested {
                await connection.waiter.yield()
                if connection.waiter.isAborted { return .aborted }
            }
            if let (bound, pool) = binding.take() {
                self.pool = pool
                if bound.serverName == pool.asked(serverName) { return .connected(bound) }
                bound.retire()
            }
        }
        var tried: UpstreamPools.Tried = 0
        var outcome = DialOutcome.noneHealthy
        let source = session.client
        let shown = upstreams.group.showsClients ? session.shownClient(by: upstreams.group.clientAddress) : nil
        let queueEnd = connection.loop.now.advanced(byMilliseconds: session.snapshot.queueMilliseconds)
        while let pool = upstreams.next(after: &tried) {
            if let onlyTarget, pool.target !== onlyTarget { continue }
            self.pool = pool
            if !fresh, !bringsIdentity, session.binding == nil {
                if let kept = pool.take(for: source, certain: certain, serverName: serverName, showing: shown) {
                    return .connected(kept)
                }
                if pool.hasJustKept(for: source) {
                    await connection.waiter.yield()
                    if connection.waiter.isAborted { return .aborted }
                    if let kept = pool.take(for: source, certain: certain, serverName: serverName, showing: shown) {
                        return .connected(kept)
                    }
                }
            }
            connection.socket.interest = [.broken, .peerClosed]
            outcome = await pool.open(
                for: source, waiter: connection.waiter, certain: certain, serverName: serverName, showing: shown,
                timeouts: session.snapshot.timeouts,
                queueMilliseconds: Int(queueEnd.nanoseconds(since: connection.loop.now) / 1_000_000),
                isAbandoned: { connection.isGone },
                whenLong: { connection.tls.releaseIdleMemory() })
            switch outcome {
            case .connected, .aborted: return outcome
            case .failed where outcome.isOurs: break
            case .failed(let code): pool.noteFailure(DialOutcome.reason(code))
            case .untrusted(let failure): pool.noteFailure(failure.reason)
            case .timedOut: pool.noteFailure("connect_timeout")
            // It answers others, and is none the worse for it.
            case .untransparent: break
            case .noneHealthy, .queueFull, .queueTimedOut: break
            }
        }
        return outcome
    }

    // MARK: What it says

    /// Whatever status it has, a response is a sign of life when it begins. Its end is none: that may come long after the host's.
    mutating func noteAnswer() {
        guard !hasAnswered else { return }
        hasAnswered = true
        pool?.noteSuccess()
    }

    /// No response on a connection that was just opened for it is no sign of life; on one that was kept, it says that others which were kept may be
    /// dead too.
    func noteHealth(after failure: ExchangeFailure?, hasBegun: Bool, onReused isReused: Bool) {
        guard let pool, !hasBegun || failure == .upstreamUnreachable else { return }
        switch failure {
        case .upstreamClosed:
            if isReused { pool.target.distrustKept(now: pool.loop.now) } else { pool.noteFailure("closed_before_response") }
        case .upstreamUnreachable:
            pool.target.distrustKept(now: pool.loop.now)
            pool.noteFailure("upstream_unreachable")
        case .upstreamUntrusted(let failure): pool.noteFailure(failure.reason)
        case .upstreamTooSlow: pool.noteFailure("response_timeout")
        case .upstreamStalled: pool.noteFailure("upload_timeout")
        default: break
        }
    }

    /// When it is to be looked whether anybody is there.
    var nextLook: Instant { watch?.next ?? .distantFuture }

    private mutating func beginWatch() {
        began = connection.loop.now
        hasSuspected = false
        let milliseconds = session.snapshot.timeouts.unacknowledgedMilliseconds
        watch = AcknowledgementWatch(timeoutMilliseconds: milliseconds, now: began)
    }

    /// Looks whether anybody is there, while nothing comes; false when nobody is.
    ///
    /// - Parameter isWaiting: the answer hasn't begun.
    mutating func look(at upstream: Socket, isWaiting: Bool) -> Bool {
        guard let pool, watch != nil else { return true }
        let now = pool.loop.now
        let state = System.transmission(of: upstream.descriptor)
        if watch?.isGone(state, isDown: !pool.target.health.isUp, now: now) == true { return false }
        if isWaiting, !hasSuspected, let check = upstreams.group.check,
            now >= began.advanced(byMilliseconds: min(check.timeoutMilliseconds, Self.suspicionMilliseconds))
        {
            // A slow report, or a ticket system that hangs: it is asked, and only that tells.
            hasSuspected = true
            pool.suspect()
        }
        return true
    }

    // MARK: Giving it back

    /// Back to the pool or to the client's connection that it belongs to, if it may be used again.
    func settle(_ upstream: UpstreamConnection, mayKeep: Bool, by receiver: ResponseReceiver) {
        upstream.exchanges += 1
        if receiver.asksForIdentity { pool?.target.noteIdentityAsked() }
        guard mayKeep, let pool else { return upstream.close() }
        // A client that has logged in once shares no connection any more.
        if upstream.isBound || bringsIdentity || session.binding != nil || receiver.asksForIdentity {
            let binding = session.binding ?? UpstreamBinding()
            session.binding = binding
            binding.keep(upstream, in: pool)
        } else {
            pool.give(upstream, hadNoBody: receiver.stream.status == 204 || receiver.stream.status == 304)
        }
    }
}
