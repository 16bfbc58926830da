/// A connection that came while a challenge was pending, up to its end: looked at, and shown the challenge if it asks for just that.
///
/// ```
///   peek ─▶ cannot be ──────────────▶ reset, `denied`, as if there were no window
///     └───▶ right hello, room, rate ─▶ TLS by the challenge's context ─▶ close_notify ─▶ its end, or RST for a byte more
/// ```
///
/// Five seconds from the accept are all that it has. No TLS session is made before its hello is whole and right, and no buffer is held while
/// it is waited for.
final class ChallengeVisit {
    let visitor: ChallengeVisitor
    let socket: Socket
    let worker: WorkerContext
    let visits: ChallengeVisits
    /// Where it is waited until there is a TLS session.
    let waiter: Waiter
    private var connection: ClientConnection?
    /// Among those that are looked at; nil for one that the list lets in, as long as it hasn't asked.
    var place: ChallengeVisits.Place?
    private var hasGivenWay = false

    static let milliseconds = 5_000
    /// Whoever sends its hello in more pieces is looked at every so often: a look copies all that has come.
    private static let looksMax = 8
    private static let pauseMilliseconds = 25
    private static let turnMilliseconds = 100

    /// Takes over the socket, of which it may be news that there is something to read.
    init(_ visitor: ChallengeVisitor, over socket: Socket, visits: ChallengeVisits, worker: WorkerContext) {
        self.visitor = visitor
        self.socket = socket
        self.worker = worker
        self.visits = visits
        waiter = Waiter(on: worker.loop)
        socket.readiness.insert(.readable)
        socket.waiter = waiter
        socket.interest = Self.interest
    }

    var deadline: Instant { visitor.accepted.advanced(byMilliseconds: Self.milliseconds) }
    private static var interest: Readiness { [.readable, .peerClosed, .broken] }

    /// Of one that isn't let in.
    func run() async -> ChallengeOutcome {
        if case .page = visitor.wants { return await showPage() }
        guard let asked = await hello(until: deadline), await begin() else { return deny() }
        // While it waited for its turn another may have come, or none.
        guard let handshake = worker.snapshot.window?.handshake(like: asked, at: worker.loop.now) else { return deny() }
        return await show(handshake)
    }

    /// Nothing new is begun: ends it unless it is being shown what it asked for.
    func drain() {
        if connection == nil { end() }
    }

    /// Ends it at once, wherever it is.
    func end(givingWay: Bool = false) {
        hasGivenWay = givingWay
        waiter.abort()
        connection?.waiter.abort()
    }

    /// The newest settings may have another window, or none, and another list.
    func lookAgain() { waiter.wake() }

    /// When it is its turn; false when that doesn't come in time.
    func begin() async -> Bool {
        while let place, let window = worker.snapshot.window, worker.loop.now < deadline, !waiter.isAborted {
            switch visits.turn(of: place, names: window.nameCount, now: worker.loop.now) {
            case .now: return true
            case .never: return false
            case .later: break
            }
            // Whatever comes from it meanwhile is looked at when it is its turn.
            socket.interest = [.broken]
            _ = await waiter.wait(until: worker.loop.now.advanced(byMilliseconds: Self.turnMilliseconds))
            socket.interest = Self.interest
            if socket.isBroken { return false }
        }
        return false
    }

    // MARK: The hello

    /// What it asks for, as soon as its hello is whole and right; nil as soon as that can't be any more. Nothing is taken off the socket.
    func hello(until deadline: Instant) async -> ChallengeWindow.Handshake? {
        var looks = 0
        while !waiter.isAborted, let window = worker.snapshot.window, window.isOpen(at: worker.loop.now), isStillLetIn {
            if socket.isReadable {
                looks += 1
                switch look(window) {
                case .hello(let name): return window.handshake(name, at: worker.loop.now)
                case .cannotBe: return nil
                case .needsMore: break
                }
            }
            // Behind a FIN nothing comes.
            if socket.peerClosed || socket.isBroken { return nil }
            if looks >= Self.looksMax {
                socket.interest = [.broken]
                _ = await waiter.wait(until: min(deadline, worker.loop.now.advanced(byMilliseconds: Self.pauseMilliseconds)))
                socket.interest = Self.interest
            }
            if !socket.isReadable { _ = await waiter.wait(until: deadline) }
            if worker.loop.now >= deadline { return nil }
        }
        return nil
    }

    private func look(_ window: ChallengeWindow) -> ChallengeHello.Result {
        let scratch = worker.buffers.take()
        defer { worker.buffers.give(scratch) }
        switch socket.peek(into: scratch, limit: ChallengeHello.bytesMax) {
        case .wouldBlock: return .needsMore
        case .endOfStream, .failed: return .cannotBe
        case .bytes: return ChallengeHello.read(scratch.readable, for: window.serverNames)
        }
    }

    /// A listed one goes on as any other when it has left the list.
    private var isStillLetIn: Bool { visitor.reason != nil || worker.entry(for: visitor.peer) != nil }

    // MARK: The challenge

    func show(_ handshake: ChallengeWindow.Handshake) async -> ChallengeOutcome {
        socket.readiness.insert(.readable)
        waiter.end()
        let connection: ClientConnection
        do throws(SystemError) {
            connection = try ClientConnection(
                over: socket, context: handshake.contexts[worker.index], loop: worker.loop, buffers: worker.buffers,
                unacknowledgedMilliseconds: Self.milliseconds)
        } catch {
            return conclude(.handshakeFailed, name: handshake.name)
        }
        self.connection = connection
        if visitor.reason != nil { visits.countStrangerSession() }
        if waiter.isAborted { connection.waiter.abort() }
        let (outcome, ending) = await shake(connection)
        await connection.finish(ending)
        return conclude(outcome, name: handshake.name)
    }

    private func shake(_ connection: ClientConnection) async -> (ChallengeOutcome, ClientConnection.Ending) {
        switch await connection.handshake(until: deadline) {
        case nil: return await part(connection)
        case .timeout?, .unacknowledged?: return (.timeout, .reset)
        case .drained?: return (hasGivenWay ? .gaveWay : .aborted, .reset)
        case .some: return (.handshakeFailed, .abandoned)
        }
    }

    /// It has seen all that there is to see.
    private func part(_ connection: ClientConnection) async -> (ChallengeOutcome, ClientConnection.Ending) {
        while connection.endWriting() == .wouldBlock {
            guard await connection.suspend(for: [.writable], until: deadline) == .ready else { return (.shown, .reset) }
        }
        while true {
            switch connection.fill() {
            case .bytes: return (.applicationData, .reset)
            case .closed, .failed: return (.shown, .abandoned)
            case .wouldBlock: break
            }
            guard await connection.suspend(for: [.readable], until: deadline) == .ready else { return (.shown, .reset) }
        }
    }

    // MARK: Ends

    /// Turned away as ever.
    func deny() -> ChallengeOutcome {
        if worker.snapshot.onDeny == .close, case .handshake = visitor.wants {
            // What lies here unread would make the close a reset.
            let scratch = worker.buffers.take()
            socket.readiness.insert(.readable)
            _ = socket.receive(into: scratch)
            worker.buffers.give(scratch)
            socket.close()
        } else {
            socket.reset()
        }
        waiter.end()
        worker.deny(visitor.peer, proxy: visitor.proxy, on: visitor.listener, because: visitor.reason ?? .notListed)
        return .denied
    }

    /// Says what came of one that asked for what is pending.
    func conclude(_ outcome: ChallengeOutcome, name: String) -> ChallengeOutcome {
        let isPage = if case .page = visitor.wants { true } else { false }
        var fields = [
            JournalField("name", name), JournalField("type", isPage ? "http-01" : "tls-alpn-01"),
            JournalField("outcome", outcome.rawValue),
        ]
        if let proxy = visitor.proxy { fields.append(JournalField("proxy", proxy.description)) }
        worker.journal.event(
            "challenge", stage: .accept, peer: visitor.peer, listener: visitor.listener, fields: fields,
            wallMilliseconds: worker.loop.wallMilliseconds)
        return outcome
    }
}
