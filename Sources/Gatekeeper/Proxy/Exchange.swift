/// One request and its response: chosen upstream, both ways at once, one verdict at the end.
///
/// ```
///            ┌── RequestSender ───▶┐
///   client ──┤                     ├── upstream connection (pooled or dialled; once more where RetryRule allows)
///            └◀── ResponseReceiver ┘
/// ```
///
/// One task drives both directions: each goes as far as it can without blocking, then the task waits for whichever socket is ready first.
/// So an answer that comes before the body is through reaches the client, and a client that goes away is noticed while the upstream thinks.
final class Exchange {
    /// What becomes of the client's connection.
    enum End {
        case persistent
        case over(ClientConnection.Ending)
    }

    /// The client's side of it.
    let stream: RequestStream
    /// On the ticket systems of the time when this began.
    var hold: UpstreamHold
    let sender: RequestSender
    let receiver: ResponseReceiver
    var verdict: ExchangeVerdict
    private(set) var upstreamBegan: Instant?
    /// The upstream takes no more of the request: it failed, or answered and closes.
    private var hasStoppedSending = false
    /// What waits lies in no more memory than it needs.
    var isParked = false
    /// Why the request isn't to be passed on; nothing of it is sent then.
    private let refusal: ExchangeFailure?
    /// Whether the upstream connection may carry another request after this one.
    private let keepRule: KeepRule
    /// The client asks for a WebSocket: where its key stands.
    private let handshake: WebSocketHandshake?
    private(set) var tunnel: Tunnel?
    /// What `log.fields` asks for, where it stands in the head.
    private(set) var userAgent = ByteRange.empty
    private(set) var trace = ByteRange.empty

    var session: ClientSession { stream.session }
    var worker: WorkerContext { stream.session.worker }

    /// Right after `head` was parsed from the front of `input`, while the worker's field table still belongs to it.
    init(_ head: RequestHead, in input: Buffer, on session: ClientSession) {
        let worker = session.worker
        let source = input.readable
        let fields = worker.requestFields
        hold = UpstreamHold(
            worker.upstreams, on: session, bringsIdentity: ConnectionIdentity.isBrought(by: fields, source))
        let clientIdentifier = ExchangeIdentifier(fields, source)
        let identifier = clientIdentifier ?? worker.identifiers.next()
        verdict = session.verdict()
        let snapshot = session.snapshot
        let judgement = Judgement(head, fields, source, by: snapshot, routes: session.routes)
        handshake = judgement.handshake
        verdict.shadow = judgement.shadow?.reason
        keepRule = KeepRule(head, reusesAfterBody: snapshot.reusesAfterBody, isExclusive: hold.keepsConnection())
        var collecting = head.framing == .chunked ? snapshot.collecting : nil
        let outbound = worker.buffers.take()
        HeadWriter.writeRequest(
            head, fields, source: source,
            context: ForwardedContext(
                peer: session.peerText.bytes, requestID: identifier.bytes,
                defaultHost: session.listenerText.utf8.span, fixedHost: snapshot.fixedHost.utf8.span,
                loopMarker: snapshot.upstream.loopMarker.utf8.span),
            upgrade: handshake != nil, announcesClose: keepRule.announcesClose, lengthFollows: collecting != nil,
            passesUnderscores: snapshot.passesUnderscores, into: outbound)
        let dropped = DroppedFields(
            fields, source, passingUnderscores: snapshot.passesUnderscores, keepingRequestID: clientIdentifier != nil)
        refusal =
            if let refusal = judgement.refusal {
                .forbidden(refusal)
            } else if outbound.overflowed {
                .refused(.headTooLarge)
            } else {
                // Last: what never reaches the ticket system costs its source nothing.
                snapshot.chargeRequest(of: session.peer, listedBy: session.entry, now: worker.loop.now)
                    .map { .limited(retryAfterSeconds: $0) }
            }
        let asked = snapshot.log.fields
        if asked.contains(.userAgent) { userAgent = fields.first(.userAgent)?.value ?? .empty }
        if asked.contains(.trace) { trace = TraceParent.traceID(fields, source) ?? .empty }
        input.consume(head.byteCount)
        // What isn't passed on is never collected.
        if refusal != nil { collecting = nil }
        let bodyBytesMax = collecting.flatMap { $0.isLimit ? $0.bytesMax : nil } ?? snapshot.limits.requestBodyBytesMax
        stream = RequestStream(
            head, in: input, identifier: identifier, on: session, bodyBytesMax: bodyBytesMax, collects: collecting != nil, dropped: dropped)
        let collected = collecting.map { [stream, worker] rule in
            CollectedBody(rule, of: stream, in: worker.buffers, session.makeSpooledBytes())
        }
        sender = RequestSender(stream, outbound: outbound, collecting: collected, worker: worker)
        receiver = ResponseReceiver(for: stream, webSocketKey: handshake?.key, worker: worker)
    }

    func run() async -> End {
        var failure = await attempt()
        if failure == .clientGone, stream.isUnreachable { failure = .clientUnreachable }
        sender.release()
        let end = await conclude(failure)
        receiver.release()
        stream.release()
        return end
    }

    // MARK: Attempts

    /// Nil when the response reached the client whole.
    private func attempt() async -> ExchangeFailure? {
        if let refusal {
            if case .limited = refusal, let failure = await readAway() { return failure }
            return refusal
        }
        if case .failed(let failure) = sender.takeWhatCame() { return failure }
        if sender.isCollecting, let failure = await collect() { return failure }
        if sender.sendsChunks, hold.group.speaksHTTP10(now: worker.loop.now) { return .forbidden(.lengthRequired) }
        let rule = RetryRule(isIdempotent: stream.head.method.isIdempotent)
        var isRepeated = false
        while true {
            let upstream: UpstreamConnection
            let source = stream.headBytes
            let outcome = await hold.obtain(
                fresh: isRepeated, certain: !(rule.isIdempotent && sender.isWhole),
                serverName: session.upstreamName(forHost: source.bytes.bytes(stream.head.host)))
            switch outcome {
            case .connected(let connection): upstream = connection
            case .failed(let code): return .connectFailed(code)
            case .untrusted(let failure): return .upstreamUntrusted(failure)
            case .timedOut: return .connectTimedOut
            case .untransparent: return .upstreamUntransparent
            case .noneHealthy: return .noneHealthy
            case .queueFull: return .queueFull
            case .queueTimedOut: return .queueTimedOut
            case .aborted: return stream.isAborted ? .aborted : .clientGone
            }
            let failure = await transfer(over: upstream)
            hold.noteHealth(after: failure, hasBegun: stream.hasBegun, onReused: upstream.isReused)
            guard let failure else { return nil }
            upstream.abandon()
            guard !isRepeated, sender.isReplayable, !receiver.hasReceived, let kind = failure.kind,
                rule.mayRepeat(after: kind, sent: sender.sent, onReused: upstream.isReused)
            else { return failure }
            isRepeated = true
            hasStoppedSending = false
            sender.replay()
            receiver.restart()
        }
    }

    /// Reads what belongs to a request that isn't passed on, as far as it is here or small enough to wait for: then another can follow.
    private func readAway() async -> ExchangeFailure? {
        if case .failed(let failure) = sender.takeWhatCame() { return failure }
        return sender.isSmall ? await collect() : nil
    }

    /// Waits for the whole body of a request whose upstream wants to know its length.
    private func collect() async -> ExchangeFailure? {
        if stream.expectation == .waiting, let failure = sendContinue() { return failure }
        while true {
            let delivery = stream.deliver()
            if case .failed(let failure) = delivery { return failure }
            switch sender.collect() {
            case .done: return nil
            case .failed(let failure): return failure
            case .budgetSpent:
                guard await stream.yield() else { return .aborted }
            case .blocked(let interest, _):
                let deadline =
                    sender.spoolDeadline ?? stream.sendingFloor.deadline(timeoutMilliseconds: session.snapshot.timeouts.bodyMilliseconds)
                let wanted = delivery == nil ? interest : interest.union([.writable])
                switch await suspend(for: wanted, until: deadline) {
                case .ready: continue
                case .aborted: return .aborted
                case .unreachable: return .clientUnreachable
                case .deadlineExceeded:
                    if worker.loop.now >= deadline { return sender.spoolDeadline == nil ? .clientTooSlow : .spoolFailed }
                }
            }
        }
    }

    // MARK: Both directions

    private func transfer(over upstream: UpstreamConnection) async -> ExchangeFailure? {
        let socket = upstream.socket
        socket.waiter = stream.waiter
        upstreamBegan = upstreamBegan ?? worker.loop.now
        receiver.target = hold.pool?.target
        while true {
            // Whoever left the list in the turn in which this went on sends nothing more.
            if stream.isAborted { return .aborted }
            // What comes on a kept connection before a byte of the request has left is no answer to it.
            if sender.sent == .nothing, upstream.isReused, upstream.isReadable { return .upstreamClosed }
            let push = hasStoppedSending ? .done : sender.push(to: upstream)
            if case .failed(let failure) = push {
                // Its answer may be here already (413, then closed): read on.
                guard failure == .upstreamClosed else { return failure }
                hasStoppedSending = true
            }
            let pull = receiver.pull(from: upstream, requestIsSent: sender.isComplete)
            if stream.hasBegun { hold.noteAnswer() }
            switch pull {
            case .failed(let failure): return failure
            case .done where receiver.hasSwitched:
                return await passThrough(upstream)
            case .done:
                settle(upstream)
                return nil
            case .blocked, .budgetSpent: break
            }
            // An answer before the request is through: not a byte of the body follows. An upstream that doesn't read it (Python's servers don't)
            // would take it for the next request, without the fields that say whose it is.
            if stream.hasBegun, !sender.isComplete { hasStoppedSending = true }
            if stream.expectation == .granted, let failure = sendContinue() { return failure }
            if let failure = await pause(hasStoppedSending ? .done : push, pull, on: socket) {
                // One that waits for a handshake that it doesn't get waits for ever.
                guard failure == .upstreamTooSlow, !stream.hasBegun, let objection = upstream.objection else { return failure }
                return .upstreamUntrusted(objection)
            }
        }
    }

    /// Both peers have left HTTP: from here on bytes are passed on unread.
    private func passThrough(_ upstream: UpstreamConnection) async -> ExchangeFailure? {
        stream.leaveHTTP()
        let tunnel = Tunnel(session, upstream, inbound: receiver.takeInbound())
        self.tunnel = tunnel
        let failure = await tunnel.run()
        if failure == nil { upstream.close() }
        return failure
    }

    /// Back to the pool, if nothing speaks against it.
    private func settle(_ upstream: UpstreamConnection) {
        let mayKeep = keepRule.mayKeep && sender.isComplete && receiver.upstreamPersists && receiver.isClean
        hold.settle(upstream, mayKeep: mayKeep, by: receiver)
    }

    /// Tells a client that waits for a 100 to go on.
    func sendContinue() -> ExchangeFailure? {
        stream.sendContinue()
        if case .failed(let failure) = stream.deliver() { return failure }
        return nil
    }

    // MARK: The end

    /// What the client has of a response when nothing more is done.
    private enum Conclusion {
        /// All of one.
        case answered
        /// Nothing of one; it can still be told this.
        case unanswered(Problem, after: ExchangeFailure)
        /// A part of one, which must not look complete.
        case cut
        /// Nothing, and nobody is there to be given anything.
        case clientGone
        /// All that came through a tunnel, until both peers had ended it.
        case tunnelEnded
        /// All that came through a tunnel, until nothing came any more.
        case tunnelIdle
    }

    private func conclusion(_ failure: ExchangeFailure?) -> Conclusion {
        switch failure {
        case nil: return tunnel == nil ? .answered : .tunnelEnded
        case .tunnelIdle: return .tunnelIdle
        case .clientGone: return .clientGone
        case let failure?:
            if let problem = failure.consequence.problem, !stream.hasBegun { return .unanswered(problem, after: failure) }
            return .cut
        }
    }

    /// Answers for a failure where that is still possible, writes the verdict, says what becomes of the connection.
    private func conclude(_ failure: ExchangeFailure?) async -> End {
        if let failure {
            (verdict.outcome, verdict.stage, _) = failure.consequence
            verdict.reason = failure.reason
        } else if worker.isDraining {
            verdict.outcome = .drained
        }
        let end: End =
            switch conclusion(failure) {
            case .answered: endOfAnswer
            case .unanswered(let problem, let failure): await answer(problem, after: failure)
            case .tunnelIdle: .over(.lingering)
            case .tunnelEnded, .clientGone: .over(.abandoned)
            case .cut: .over(.reset)
            }
        record()
        return end
    }

    /// Behind a whole answer another request may follow, unless one side has said otherwise.
    private var endOfAnswer: End {
        stream.mayPersist ? .persistent : .over(stream.isQuiet ? .orderly : .lingering)
    }

    private func answer(_ problem: Problem, after failure: ExchangeFailure) async -> End {
        let isOver = stream.isBodyRead && !sender.isCollecting
        let persists = failure.leavesConnectionOpen && isOver && stream.head.isPersistent && session.mayPersist
        stream.answer(problem, persists: persists)
        let deadline = worker.loop.now.advanced(byMilliseconds: session.snapshot.timeouts.bodyMilliseconds)
        return await stream.deliver(until: deadline) ? endOfAnswer : .over(.abandoned)
    }
}
