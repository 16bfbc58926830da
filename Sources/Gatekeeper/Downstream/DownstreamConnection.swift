/// The life of one admitted connection, top to bottom: handshake, exchanges one after the other, an orderly end.
///
/// ```
///   handshake ─▶ head ─▶ Exchange ─▶ head ─▶ … ─▶ close_notify
///        │        │ refused   │ broken
///        ▼        ▼           ▼
///   tls_failed  answer     reset
/// ```
///
/// Holds a buffer only while there is something in it. A connection without a request for `restMilliseconds` rests: its task ends, and what
/// is left is a socket and a TLS session, until bytes or a deadline begin another task where that one stopped.
final class DownstreamConnection: Sleeper {
    let peer: PeerAddress
    /// The peer's.
    let port: UInt16
    /// What on the allow-list let it in.
    let source: AddressPrefix
    /// The load balancer that named the peer.
    let proxy: PeerAddress?
    /// Place of the listener that it came by.
    let listener: Int
    let worker: WorkerState
    let tls: TLSStream
    let waiter: Waiter
    /// The client's address as text.
    let peerText: AddressText
    let socket: Socket

    /// What this connection lives by: the newest of its worker, from one request to the next.
    private(set) var snapshot: Snapshot
    private(set) var entry: AllowList.EntryIndex
    /// For the log, once it is asked for.
    private(set) lazy var cipher = tls.cipher
    /// Since when what it had to show has been asked for.
    private let demandsSince: UInt64
    /// A request has begun and isn't over.
    private var isServing = false

    /// Plaintext from the client: the head of the current request, whose offsets stay valid until the exchange is over, then what follows it.
    private(set) var input: Buffer?
    /// When the first byte of the current request was there.
    private(set) var requestBegan: Instant
    /// A head that came in pieces; nil while it is whole or hasn't begun.
    private var torn: TornHead?
    /// The client has said that it sends nothing more (close_notify); it is owed the answer to the current request unless it `isGone`.
    private(set) var hasEnded = false
    /// We have said it.
    var hasSaidEnd = false
    var serverNames = ServerNameMemory()
    var delivery = DeliveryWatch()
    /// Requests that have been read.
    private(set) var requests = 0
    /// The last so many of them came before the answer to the one before had left.
    private var requestsPipelined = 0
    /// The upstream connection that belongs to this one, once somebody may have logged in by it.
    var binding: UpstreamBinding?
    /// Until when a connection that has served nothing yet is waited for while draining: its request may be on the way.
    private let newcomerDeadline: Instant

    /// When the handshake must be over.
    private let handshakeDeadline: Instant

    /// Takes over the socket, also when it throws.
    init(_ admitted: Admitted, over socket: Socket, worker: WorkerState) throws(SystemError) {
        peer = admitted.peer
        port = admitted.port
        source = admitted.source
        proxy = admitted.proxy
        listener = admitted.listener
        snapshot = admitted.snapshot
        entry = admitted.entry
        demandsSince = admitted.snapshot.demandsSince
        self.worker = worker
        waiter = Waiter(on: worker.loop)
        peerText = AddressText(admitted.peer)
        self.socket = socket
        handshakeDeadline = admitted.accepted.advanced(byMilliseconds: admitted.snapshot.timeouts.handshakeMilliseconds)
        guard let tls = TLSStream(socket, context: admitted.tls, pool: worker.buffers) else {
            socket.close()
            throw SystemError("begin a TLS session", code: 0)
        }
        self.tls = tls
        requestBegan = worker.loop.now
        newcomerDeadline = requestBegan.advanced(byMilliseconds: Self.newcomerMilliseconds)
        socket.waiter = waiter
    }

    /// Another request may follow on this connection.
    var mayPersist: Bool {
        let limits = snapshot.limits
        return !worker.isDraining && !hasEnded && snapshot.demandsSince == demandsSince && requests < limits.requestsPerConnectionMax
            && requestsPipelined < limits.pipelinedRequestsMax
    }
    /// Nothing more has come from the client.
    var isQuiet: Bool { !socket.isReadable && !hasInput }

    private var hasInput: Bool {
        guard let input else { return false }
        return !input.isEmpty
    }
    var listenerText: String { worker.listeners[listener].text }

    enum Pause {
        case resting
        case ended
    }

    /// From the handshake to the end, or to the first rest.
    func run() async -> Pause {
        if let failure = await handshake() {
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
            socket.interest = [.readable]
            waiter.rest(self)
            return .resting
        }
        return await finish(ending)
    }

    /// Called by the event loop when there is a reason to end a rest.
    func awake() {
        worker.resume(self)
    }

    private func finish(_ ending: Ending) async -> Pause {
        binding?.end()
        await close(ending)
        if let input { worker.buffers.give(input) }
        input = nil
        waiter.end()
        return .ended
    }

    // MARK: Handshake

    private func handshake() async -> TLSFailure? {
        while true {
            switch tls.handshake() {
            case .done: return nil
            case .failed(let failure): return failure
            case .wouldBlock: break
            }
            switch await suspend(for: tls.hasUnsentBytes ? [.readable, .writable] : [.readable], until: handshakeDeadline) {
            case .ready: continue
            case .deadlineExceeded: return System.transmission(of: socket.descriptor)?.isLost == true ? .unacknowledged : .timeout
            case .aborted: return .drained
            }
        }
    }

    // MARK: Requests

    /// Nil to rest.
    private func serveRequests() async -> Ending? {
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
            case .rest:
                return nil
            }
        }
    }

    private enum NextHead {
        /// Its head has been parsed, and written anew for the upstream while the worker's field table was still its own.
        case request(Exchange)
        case refused(Problem, reason: StaticString)
        case ended(Ending)
        /// Nothing has come for a while.
        case rest
    }

    /// Long enough that a busy connection never rests: beginning a task costs about as much as a request's parsing.
    private static let restMilliseconds = 50
    private static let newcomerMilliseconds = 1_000

    /// Waits for a whole head: as long as `idle` for its first byte, then `head` in all, however slowly its bytes drip.
    private func nextHead() async -> NextHead {
        var hasBegun = hasInput
        if hasBegun {
            guard beginRequest() else { return .ended(.reset) }
            requestsPipelined += 1
        } else {
            requestsPipelined = 0
        }
        while true {
            if let input, !input.isEmpty {
                switch parseHead(input) {
                case .parsed(let head): return .request(Exchange(head, in: input, on: self))
                case .refused(let refusal): return .refused(Problem(refusal), reason: refusal.reason)
                case .needsMore: break
                }
            }
            switch fill() {
            case .bytes:
                if !hasBegun {
                    guard beginRequest() else { return .ended(.reset) }
                    hasBegun = true
                }
                continue
            case .closed:
                return .ended(hasBegun ? .abandoned : .orderly)
            case .failed:
                return .ended(.abandoned)
            case .wouldBlock:
                break
            }
            if tls.hasUnsentBytes, tls.flush() == .failed { return .ended(.abandoned) }
            if !hasBegun {
                if worker.isDraining, worker.loop.now >= drainDeadline { return .ended(.lingering) }
                releaseInput()
            }
            let timeout = hasBegun ? snapshot.timeouts.headMilliseconds : snapshot.timeouts.idleMilliseconds
            let deadline = requestBegan.advanced(byMilliseconds: timeout)
            let rest = worker.loop.now.advanced(byMilliseconds: Self.restMilliseconds)
            let mayRest = !hasBegun && rest < deadline && !worker.isDraining && !tls.hasUnsentBytes
            let until = mayRest ? rest : worker.isDraining && !hasBegun ? min(deadline, drainDeadline) : deadline
            let interest: Readiness = tls.hasUnsentBytes ? [.readable, .writable] : [.readable]
            switch await hasBegun ? suspendParking(for: interest, until: until) : suspend(for: interest, until: until) {
            case .ready: continue
            case .deadlineExceeded where worker.isDraining && !hasBegun: return .ended(.lingering)
            case .deadlineExceeded where mayRest:
                waiter.expect(deadline)
                return .rest
            case .deadlineExceeded: return hasBegun ? .refused(.requestTimeout, reason: "head_timeout") : .ended(.lingering)
            case .aborted: return .ended(.reset)
            }
        }
    }

    /// A request begins, by the newest settings; false on a connection that they have no place for.
    ///
    /// A revoked one has been woken to end, but may have found bytes of another request on its way here.
    private func beginRequest() -> Bool {
        if waiter.isAborted || !takeSnapshot() { return false }
        requestBegan = worker.loop.now
        isServing = true
        return true
    }

    /// Goes on by the newest settings, unless a request is under way; false when they don't list the address.
    func takeSnapshot() -> Bool {
        let newest = worker.snapshot
        if newest === snapshot { return true }
        guard let entry = newest.admission.entry(for: peer, nowUnixSeconds: worker.loop.wallUnixSeconds) else { return false }
        guard !isServing else { return true }
        self.entry = entry
        snapshot = newest
        return true
    }

    /// Until when a request is waited for while draining.
    private var drainDeadline: Instant {
        requests == 0 ? max(newcomerDeadline, worker.drainIdleDeadline) : worker.drainIdleDeadline
    }

    /// Most heads come whole and are parsed with the worker's table at no cost. One that comes in pieces gets a parser and a table of its own,
    /// which go on where they stopped: a peer that sends a byte at a time makes us look at each byte once.
    private func parseHead(_ input: Buffer) -> ParseResult<RequestHead> {
        guard let torn else {
            let result = RequestHeadParser.parse(input.readable, limits: snapshot.limits, into: &worker.requestFields)
            guard case .needsMore = result else { return result }
            let torn = TornHead()
            self.torn = torn
            return torn.resume(input.readable, limits: snapshot.limits)
        }
        let result = torn.resume(input.readable, limits: snapshot.limits)
        if case .needsMore = result { return result }
        worker.requestFields = torn.fields
        self.torn = nil
        return result
    }

    private final class TornHead {
        private var parser = RequestHeadParser()
        private(set) var fields = FieldTable()

        func resume(_ bytes: Span<UInt8>, limits: Settings.Limits) -> ParseResult<RequestHead> {
            parser.resume(bytes, limits: limits, into: &fields)
        }
    }

    /// Reads what the client sent into `input`, taking a buffer when there is none.
    func fill() -> TLSStream.ReadOutcome {
        guard !hasEnded else { return .closed }
        let buffer = input ?? worker.buffers.take()
        input = buffer
        let outcome = tls.read(into: buffer)
        if outcome == .closed { hasEnded = true }
        return outcome
    }

    /// Puts what follows the finished request to the front, or lets go of the buffer.
    private func finishRequest() {
        isServing = false
        requestBegan = worker.loop.now
        input?.compact()
        releaseInput()
    }

    /// Lets go of the finished request's head for a connection that is a tunnel from here on: a copy for the log remains, and what came
    /// behind the head goes to the front.
    func detachHead(_ byteCount: Int) -> Buffer {
        let copy = Buffer(capacity: byteCount)
        if let input {
            copy.append(input.bytes.extracting(first: byteCount))
            input.compact()
        }
        releaseInput()
        return copy
    }

    func releaseInput() {
        guard let buffer = input, buffer.isEmpty else { return }
        worker.buffers.give(buffer)
        input = nil
    }

    // MARK: Verdicts

    /// Answers a head that was refused, and ends the connection: nothing behind it is ever read as a request.
    private func answer(_ problem: Problem, reason: StaticString) async -> Ending {
        let identifier = worker.identifiers.next()
        let reply = Buffer(capacity: 2048)
        problem.write(identifier: identifier, to: nil, persists: false, date: worker.dateText.readable, into: reply)
        var verdict = verdict()
        verdict.outcome = .refused
        verdict.stage = .http1
        verdict.reason = reason
        verdict.status = problem.status
        verdict.bytesIn = UInt64(input?.count ?? 0)
        verdict.bytesOut = UInt64(reply.count)
        verdict.durationNanoseconds = worker.loop.now.nanoseconds(since: requestBegan)
        if let input {
            let line = RequestLinePreview(input.readable)
            worker.journal.request(
                verdict,
                VerdictTexts(
                    id: identifier.bytes, method: input.readable.bytes(line.method), path: input.readable.bytes(line.path),
                    upstream: Span()))
        }
        let deadline = worker.loop.now.advanced(byMilliseconds: Self.lingerMilliseconds)
        while !reply.isEmpty, tls.write(reply) == .wouldBlock {
            guard await suspend(for: [.writable], until: deadline) == .ready else { break }
        }
        // What the socket hasn't taken yet, `linger` sends.
        return .lingering
    }

    /// A verdict on an exchange of this connection, with what is known at its beginning.
    func verdict() -> ExchangeVerdict {
        var verdict = ExchangeVerdict(peer: peer, port: port, listener: listener, endedMilliseconds: worker.loop.wallMilliseconds)
        verdict.proxy = proxy
        verdict.label = snapshot.admission.allowList.entries[entry].label
        verdict.sourcePlace = snapshot.answerPlaces[entry]
        verdict.tls = tls.version
        return verdict
    }
}
