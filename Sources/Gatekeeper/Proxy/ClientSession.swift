/// The requests of one admitted connection, top to bottom: handshake, exchanges one after the other, an orderly end.
///
/// ```
///   handshake ─▶ head ─▶ Exchange ─▶ head ─▶ … ─▶ close_notify
///        │        │ refused   │ broken
///        ▼        ▼           ▼
///   tls_failed  answer     reset
/// ```
///
/// A connection without a request for `restMilliseconds` rests: its task ends, and what is left is a socket and a TLS session, until bytes or a
/// deadline begin another task where that one stopped.
final class ClientSession: WakeTarget {
    let connection: ClientConnection
    let peer: PeerAddress
    /// The peer's.
    let port: UInt16
    /// What on the allow-list let it in.
    let source: AddressPrefix
    /// The load balancer that named the peer.
    let proxy: PeerAddress?
    /// Index of the listener that it came by.
    let listener: Int
    let worker: WorkerContext
    /// The client's address as text.
    let peerText: AddressText

    /// What this connection lives by: the newest of its worker, from one request to the next.
    private(set) var snapshot: Snapshot
    private(set) var entry: AllowList.EntryIndex
    /// Those of the entry.
    private(set) var routes: RouteTable?
    /// For the log, once it is asked for.
    private(set) lazy var cipher = connection.tls.cipher
    /// Since when what it had to show has been asked for.
    private let requirementsSince: UInt64
    /// A request has begun and isn't over.
    private var isServing = false

    /// When the first byte of the current request was there.
    private(set) var requestBegan: Instant
    private var heads = HeadReader<RequestHeadParser>()
    var serverNames = ServerNameMemory()
    /// Requests that have been read.
    private(set) var requests = 0
    /// How many requests in a row, up to the last one, came without waiting for the answer before.
    private var requestsPipelined = 0
    /// The upstream connection that belongs to this one, once somebody may have logged in by it.
    var binding: UpstreamBinding?
    /// What a ticket system may see of it, once one has.
    private var endpoint: ShownClient?
    /// Until when a connection that has served nothing yet is waited for while draining: its request may be on the way.
    private let newcomerDeadline: Instant

    /// When the handshake must be over.
    private let handshakeDeadline: Instant

    /// Takes over the socket, also when it throws.
    init(_ admitted: Admitted, over socket: Socket, worker: WorkerContext) throws(SystemError) {
        peer = admitted.peer
        port = admitted.port
        source = admitted.source
        proxy = admitted.proxy
        listener = admitted.listener
        snapshot = admitted.snapshot
        entry = admitted.entry
        routes = admitted.snapshot.routes(of: admitted.entry)
        requirementsSince = admitted.snapshot.requirementsSince
        self.worker = worker
        peerText = AddressText(admitted.peer)
        let timeouts = admitted.snapshot.timeouts
        handshakeDeadline = admitted.accepted.advanced(byMilliseconds: timeouts.handshakeMilliseconds)
        connection = try ClientConnection(
            over: socket, context: admitted.tls, loop: worker.loop, buffers: worker.buffers,
            unacknowledgedMilliseconds: timeouts.unacknowledgedMilliseconds)
        requestBegan = worker.loop.now
        newcomerDeadline = requestBegan.advanced(byMilliseconds: Self.newcomerMilliseconds)
    }

    /// Whom its requests count for, and whose upstream connections they use.
    var client: PeerAddress { peer.source(listedBy: source) }

    /// Whom a ticket system is to see: with the ports where it is told of them.
    func shownClient(by clientAddress: Settings.Upstream.ClientAddress) -> ShownClient {
        guard clientAddress.proxyProtocol == .v2 else { return ShownClient(peer) }
        if let endpoint { return endpoint }
        let own = (try? System.localAddress(of: connection.socket.descriptor)) ?? SocketAddress(address: PeerAddress(ipv4: 0), port: 0)
        let made = ShownClient(SocketAddress(address: peer, port: port), listener: own)
        endpoint = made
        return made
    }

    /// Another request may follow on this connection.
    var mayPersist: Bool {
        let limits = snapshot.limits
        return !worker.isDraining && !connection.hasEnded && snapshot.requirementsSince == requirementsSince
            && requests < limits.requestsPerConnectionMax
            && requestsPipelined < limits.pipelinedRequestsMax
    }

    /// By which the listener is known in the log.
    var listenerText: String { worker.listeners[listener].text }

    enum Pause {
        case resting
        case ended
    }

    /// From the handshake to the end, or to the first rest.
    func run() async -> Pause {
        if let failure = await connection.handshake(until: handshakeDeadline) {
            worker.journal.tlsFailed(
                peer: peer, proxy: proxy, listener: listener, reason: failure.reason, alert: failure.alert,
                wallMilliseconds: worker.loop.wallMilliseconds)
            // What doesn't arrive isn't worth waiting for: a FIN would lie behind it for minutes.
            return await finish(failure == .unacknowledged ? .reset : .abandoned)
        }
        requestBegan = worker.loop.now
        return await resume()
    }

    /// From a rest to the end, or to the next one.
    func resume() async -> Pause {
        guard let ending = await serveRequests() else {
            connection.socket.interest = [.readable]
            connection.tls.releaseIdleMemory()
            connection.waiter.rest(self)
            return .resting
        }
        return await finish(ending)
    }

    /// Called by the event loop when there is a reason to end a rest.
    func awake() {
        worker.resume(ObjectIdentifier(self))
    }

    private func finish(_ ending: ClientConnection.Ending) async -> Pause {
        binding?.end()
        if let endpoint { worker.upstreams.forget(endpoint, of: client) }
        await connection.finish(ending)
        return .ended
    }

    /// What wakes it from another thread; without effect when it is over by then.
    var bell: @Sendable () -> Void {
        let (wake, key) = (worker.wake, ObjectIdentifier(self))
        return { wake(key) }
    }

    /// Where a body of its requests is collected.
    func makeSpooledBytes() -> SpooledBytes {
        SpooledBytes(
            in: snapshot.spool, totalMax: snapshot.spoolSettings.totalBytesMax, folder: snapshot.spoolSettings.folder, source: client,
            timeoutMilliseconds: snapshot.timeouts.bodyMilliseconds, ring: bell)
    }

    // MARK: Requests

    /// Nil to rest.
    private func serveRequests() async -> ClientConnection.Ending? {
        while true {
            switch await nextHead() {
            case .request(let exchange):
                requests += 1
                switch await exchange.run() {
                case .persistent: finishRequest()
                case .over(let ending): return ending
                }
            case .refused(let problem, let reason):
                return await answer(problem, reason: reason)
            case .ended(let ending):
                return ending
            case .rest(let deadline):
                connection.waiter.expect(deadline)
                return nil
            }
        }
    }

    private enum NextHead {
        /// Its head has been parsed, and written anew for the upstream while the worker's field table was still its own.
        case request(Exchange)
        case refused(Problem, reason: StaticString)
        case ended(ClientConnection.Ending)
        /// Nothing has come for a while; it is waited for until then.
        case rest(until: Instant)
    }

    /// What a connection without a whole head waits for.
    private enum Awaited {
        case firstByte
        case restOfHead
    }

    /// Long enough that a busy connection never rests: beginning a task costs about as much as a request's parsing.
    private static let restMilliseconds = 50
    private static let newcomerMilliseconds = 1_000

    /// Waits for a whole head: as long as `idle` for its first byte, then `head` in all, however slowly its bytes drip.
    private func nextHead() async -> NextHead {
        var awaited = Awaited.firstByte
        requestsPipelined = connection.hasInput ? requestsPipelined + 1 : 0
        if connection.hasInput {
            guard beginRequest() else { return .ended(.reset) }
            awaited = .restOfHead
        }
        while true {
            if let head = parseHead() { return head }
            switch connection.fill() {
            case .bytes:
                if awaited == .firstByte, !beginRequest() { return .ended(.reset) }
                awaited = .restOfHead
                continue
            case .closed: return .ended(awaited == .firstByte ? .orderly : .abandoned)
            case .failed: return .ended(.abandoned)
            case .wouldBlock: break
            }
            if connection.tls.hasUnsentBytes, connection.tls.flush() == .failed { return .ended(.abandoned) }
            let (deadline, outcome) = limit(of: awaited)
            switch await wait(for: awaited, until: deadline) {
            case .ready: continue
            case .aborted: return .ended(.reset)
            case .deadlineExceeded:
                // One that rests isn't woken when the worker begins to drain.
                if case .rest = outcome, worker.isDraining { continue }
                return outcome
            }
        }
    }

    /// The head that has come, as soon as it is whole or wrong.
    private func parseHead() -> NextHead? {
        guard let input = connection.input, !input.isEmpty else { return nil }
        switch heads.read(input.readable, by: RequestHeadParser(), limits: snapshot.limits, into: &worker.requestFields) {
        case .parsed(let head): return .request(Exchange(head, in: input, on: self))
        case .refused(let refusal): return .refused(Problem(refusal), reason: refusal.reason)
        case .needsMore: return nil
        }
    }

    /// Until when is waited, and what that comes to.
    private func limit(of awaited: Awaited) -> (Instant, NextHead) {
        if awaited == .restOfHead {
            let deadline = requestBegan.advanced(byMilliseconds: snapshot.timeouts.headMilliseconds)
            return (deadline, .refused(.requestTimeout, reason: "head_timeout"))
        }
        let deadline = requestBegan.advanced(byMilliseconds: snapshot.timeouts.idleMilliseconds)
        if worker.isDraining { return (min(deadline, drainDeadline), .ended(.lingering)) }
        let rest = worker.loop.now.advanced(byMilliseconds: Self.restMilliseconds)
        if rest < deadline, !connection.tls.hasUnsentBytes { return (rest, .rest(until: deadline)) }
        return (deadline, .ended(.lingering))
    }

    private func wait(for awaited: Awaited, until deadline: Instant) async -> Waiter.Wake {
        if awaited == .firstByte {
            connection.releaseInput()
            if worker.loop.now >= deadline { return .deadlineExceeded }
        }
        let interest: Readiness = connection.tls.hasUnsentBytes ? [.readable, .writable] : [.readable]
        return awaited == .restOfHead
            ? await connection.suspendParking(for: interest, until: deadline) : await connection.suspend(for: interest, until: deadline)
    }

    /// A request begins, by the newest settings; false on a connection that they have no room for.
    ///
    /// A revoked one has been woken to end, but may have found bytes of another request on its way here.
    private func beginRequest() -> Bool {
        if connection.waiter.isAborted || !takeSnapshot() { return false }
        requestBegan = worker.loop.now
        isServing = true
        return true
    }

    /// Goes on by the newest settings, unless a request is under way; false when they don't list the address.
    func takeSnapshot() -> Bool {
        let newest = worker.snapshot
        if newest === snapshot { return true }
        guard let entry = worker.entry(for: peer) else { return false }
        guard !isServing else { return true }
        self.entry = entry
        snapshot = newest
        routes = newest.routes(of: entry)
        connection.unacknowledgedMilliseconds = newest.timeouts.unacknowledgedMilliseconds
        return true
    }

    /// Until when a request is waited for while draining.
    private var drainDeadline: Instant {
        requests == 0 ? max(newcomerDeadline, worker.drainIdleDeadline) : worker.drainIdleDeadline
    }

    /// Puts what follows the finished request to the front, or lets go of the buffer.
    private func finishRequest() {
        isServing = false
        requestBegan = worker.loop.now
        connection.compactInput()
    }

    // MARK: Verdicts

    /// Answers a head that was refused, and ends the connection: nothing behind it is ever read as a request.
    private func answer(_ problem: Problem, reason: StaticString) async -> ClientConnection.Ending {
        let identifier = worker.identifiers.next()
        let reply = Buffer(capacity: 2048)
        problem.write(identifier: identifier, to: nil, persists: false, date: worker.dateText.readable, into: reply)
        var verdict = verdict()
        verdict.outcome = .refused
        verdict.stage = .http1
        verdict.reason = reason
        verdict.status = problem.status
        verdict.bytesIn = UInt64(connection.input?.count ?? 0)
        verdict.bytesOut = UInt64(reply.count)
        verdict.durationNanoseconds = worker.loop.now.nanoseconds(since: requestBegan)
        if let input = connection.input {
            // As in the verdicts: what is counted of a source adds up to what is counted of all.
            requests += 1
            let line = RequestLinePreview(input.readable)
            worker.journal.request(
                verdict,
                VerdictTexts(
                    id: identifier.bytes, method: input.readable.bytes(line.method), path: input.readable.bytes(line.path),
                    upstream: Span()))
        }
        let deadline = worker.loop.now.advanced(byMilliseconds: ClientConnection.lingerMilliseconds)
        while !reply.isEmpty, connection.tls.write(reply) == .wouldBlock {
            guard await connection.suspend(for: [.writable], until: deadline) == .ready else { break }
        }
        // What the socket hasn't taken yet, `linger` sends.
        return .lingering
    }

    /// A verdict on an exchange of this connection, with what is known at its beginning.
    func verdict() -> ExchangeVerdict {
        var verdict = ExchangeVerdict(peer: peer, port: port, listener: listener, endedMilliseconds: worker.loop.wallMilliseconds)
        verdict.proxy = proxy
        verdict.label = snapshot.admission.allowList.entries[entry].label
        verdict.answerCell = snapshot.answerCells[entry]
        verdict.tls = connection.tls.version
        return verdict
    }
}
