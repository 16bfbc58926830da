/// Who is connected to one worker, by which settings it serves, and how it ends.
///
/// Belongs to the worker's thread, and is reached through the `Worker` actor. What everybody below needs is in its `context`.
final class Conductor {
    let context: WorkerContext
    /// By their descriptors: several may share an address.
    private(set) var acceptors: [Int32: Acceptor] = [:]
    /// Everything has been told to end; what begins now ends at once.
    private(set) var isStopped = false
    private let firstUses: FirstUseNotices
    let gauge: FloodGauge

    private var sessions: [ObjectIdentifier: ClientSession] = [:]
    /// Connections of load balancers that haven't said yet whose they are.
    private var greetings: [ObjectIdentifier: ProxyGreeting] = [:]
    /// Connections that came while a challenge was pending, and it isn't known yet what for, or are shown it.
    var visits: [ObjectIdentifier: ChallengeVisit] = [:]
    /// Where pages are shown to authorities, while one is pending.
    var pages: PageAcceptor?
    /// By the generation of the snapshot that they were made for. One that another snapshot has replaced lives as long as a request uses it.
    var poolSets: [UInt64: WeakPools] = [:]
    /// Acceptors that haven't ended, and connections that were admitted but whose task hasn't begun: the worker waits for them too.
    var acceptorsRunning = 0
    private var connectionsComing = 0
    private var worker: Worker?
    private let drainWaiter: Waiter
    let trimmer: Waiter
    /// The most that were open at once since memory was last given back.
    var connectionsPeak = 0
    var connectionCount: Int { sessions.count }

    init(
        index: Int, loop: EventLoop, snapshot: Snapshot, journal: JournalWriter, listeners: [ListeningSocket],
        firstUses: FirstUseNotices, gauge: FloodGauge
    ) throws(SystemError) {
        context = WorkerContext(index: index, loop: loop, snapshot: snapshot, journal: journal)
        self.firstUses = firstUses
        self.gauge = gauge
        drainWaiter = Waiter(on: loop)
        trimmer = Waiter(on: loop)
        context.buffers.trimmer = trimmer
        for listener in listeners { try open(listener) }
    }

    private var loop: EventLoop { context.loop }
    private var snapshot: Snapshot { context.snapshot }

    // MARK: The worker's life

    func begin(on worker: Worker) {
        self.worker = worker
        context.wake = { worker.begin(.wake($0)) }
        context.resume = { worker.begin(.resume($0)) }
        context.endVisit = { worker.begin(.endVisit($0)) }
        for descriptor in acceptors.keys.sorted() { beginAccepting(on: descriptor) }
        beginPools()
        begin(.keepMemoryLean)
    }

    private func beginPools() {
        guard let worker else { return }
        let set = snapshot.generation
        poolSets = poolSets.filter { $0.value.pools != nil }
        poolSets[set] = WeakPools(pools: context.upstreams)
        context.upstreams.listen { index in
            worker.begin(.relievePool(set: set, upstream: index))
        } ask: { index in
            worker.begin(.askHealth(set: set, upstream: index))
        }
        for index in context.upstreams.pools.indices {
            begin(.keepPoolClean(set: set, upstream: index))
            // One worker asks for all.
            if snapshot.upstream.check != nil, context.index == 0 { begin(.checkHealth(set: set, upstream: index)) }
        }
    }

    func drain(milliseconds: Int, idleMilliseconds: Int) {
        guard !context.isDraining else { return }
        context.isDraining = true
        context.drainIdleDeadline = loop.now.advanced(byMilliseconds: idleMilliseconds)
        for acceptor in acceptors.values { acceptor.stop() }
        showPages(on: nil)
        for session in sessionsInOrder { session.connection.waiter.wake() }
        for greeting in greetings.values { greeting.waiter.wake() }
        for visit in visits.values { visit.drain() }
        begin(.cutAfterDrain(milliseconds: milliseconds))
        finishIfDone()
    }

    func cutAfterDrain(milliseconds: Int) async {
        let wake = await drainWaiter.wait(until: loop.now.advanced(byMilliseconds: milliseconds))
        drainWaiter.end()
        if wake != .aborted { stop() }
    }

    func stop() {
        context.isDraining = true
        isStopped = true
        context.drainIdleDeadline = loop.now
        for acceptor in acceptors.values { acceptor.stop() }
        showPages(on: nil)
        for session in sessionsInOrder { session.connection.waiter.abort() }
        for greeting in greetings.values { greeting.waiter.abort() }
        for visit in visits.values { visit.end() }
        finishIfDone()
    }

    func acceptorEnded(on descriptor: Int32) {
        acceptorsRunning -= 1
        acceptors[descriptor] = nil
        finishIfDone()
    }

    func finishIfDone() {
        guard context.isDraining, acceptorsRunning == 0, connectionsComing == 0, sessions.isEmpty, greetings.isEmpty, visits.isEmpty else {
            return
        }
        context.upstreams.end()
        context.upstreams.stopListening()
        context.journal.leaveCounts()
        loop.finish()
        letGo()
    }

    /// The loop ends with the present jobs: what waits on is woken to end with it, and who holds each other lets go.
    private func letGo() {
        drainWaiter.abort()
        trimmer.abort()
        worker = nil
        context.wake = { _ in }
        context.resume = { _ in }
        context.endVisit = { _ in }
    }

    /// As often as this is run, in the same order; where objects lie in memory is another matter each time.
    private var sessionsInOrder: [ClientSession] {
        #if SIMULATION
            sessions.values.sorted { $0.connection.socket.descriptor < $1.connection.socket.descriptor }
        #else
            Array(sessions.values)
        #endif
    }

    // MARK: Other settings

    /// Serves by `next` from now on: opens and closes listeners, and ends the connections of addresses that it doesn't list.
    ///
    /// - Returns: the descriptors of listeners that could not be opened, which are closed by now.
    func adopt(_ next: Snapshot, opening: [ListeningSocket], closing: Set<Int>) -> [Int32] {
        var lost: [Int32] = []
        let previous = snapshot
        context.snapshot = next
        context.journal.writesAccess = next.log.access
        context.journal.learns = next.log.learns
        for listener in opening {
            do throws(SystemError) {
                try open(listener)
                if context.isDraining { acceptors[listener.descriptor]?.stop() }
                beginAccepting(on: listener.descriptor)
            } catch {
                lost.append(listener.descriptor)
                context.report(.failed, code: error.code, listener: listener.index)
            }
        }
        for acceptor in acceptors.values where closing.contains(acceptor.index) { acceptor.stop() }
        followFilters()
        if next.upstream !== previous.upstream {
            context.renewUpstreams()
            beginPools()
        }
        revoke()
        for visit in visits.values { visit.lookAgain() }
        context.sources.keep(next.admission.allowList.holds)
        return lost
    }

    /// Ends the connections of addresses that the allow-list doesn't hold any more, whatever they are doing.
    private func revoke() {
        var ended: [RevokedKey: Int] = [:]
        for session in sessionsInOrder where !session.connection.waiter.isAborted {
            if context.entry(for: session.peer) != nil {
                // So that an old snapshot doesn't live as long as a connection that lies idle.
                _ = session.takeSnapshot()
                continue
            }
            ended[RevokedKey(peer: session.peer, listener: session.listener), default: 0] += 1
            session.connection.waiter.abort()
        }
        for (key, count) in ended { reportRevoked(key, connections: count) }
    }

    private struct RevokedKey: Hashable {
        let peer: PeerAddress
        let listener: Int
    }

    private func reportRevoked(_ key: RevokedKey, connections: Int) {
        context.journal.event(
            "revoked", stage: .admission, peer: key.peer, listener: key.listener, fields: [JournalField("connections", connections)],
            wallMilliseconds: loop.wallMilliseconds)
    }

    // MARK: Listeners

    private func open(_ listener: ListeningSocket) throws(SystemError) {
        let name = ListenerName(text: listener.address.description)
        if listener.index < context.listeners.count { context.listeners[listener.index] = name } else { context.listeners.append(name) }
        acceptors[listener.descriptor] = try Acceptor(
            Descriptor(owning: listener.descriptor), wanted: listener.wanted, index: listener.index, isShared: listener.isShared,
            worker: context, gauge: gauge, handler: acceptHandler)
    }

    private var acceptHandler: AcceptHandler {
        AcceptHandler(
            admit: { [unowned self] in admit($0) }, greet: { [unowned self] in greet($0) },
            visit: { [unowned self] in visit($0, on: $1) }, ended: { [unowned self] in acceptorEnded(on: $0) })
    }

    private func beginAccepting(on descriptor: Int32) {
        acceptorsRunning += 1
        begin(.accept(descriptor: descriptor))
    }

    /// Takes connections until the listener is closed.
    func accept(on descriptor: Int32) async {
        await acceptors[descriptor]?.run()
    }

    // MARK: Connections

    /// Starts the task of a connection that has just been admitted.
    func admit(_ admitted: Admitted) {
        connectionsComing += 1
        note(admitted)
        begin(.serve(admitted))
    }

    private func note(_ admitted: Admitted) {
        context.sources.admitted(by: admitted.source, wallMilliseconds: loop.wallMilliseconds)
        if admitted.snapshot.admission.allowList.entries[admitted.entry].isAnnounced { firstUses.post(admitted.peer) }
    }

    /// With the requests of the connections that are open.
    func tally() -> SourceTally {
        var tally = context.sources
        for session in sessions.values { tally.running(session.source, requests: session.requests) }
        return tally
    }

    /// From the beginning of a connection to its end or its first rest.
    func serve(_ admitted: Admitted) async {
        connectionsComing -= 1
        if admitted.snapshot !== snapshot, context.entry(for: admitted.peer) == nil {
            System.setResetOnClose(admitted.descriptor, true)
            System.close(admitted.descriptor)
            return forgetRevoked(admitted)
        }
        do throws(SystemError) {
            await serve(admitted, over: try Socket(Descriptor(owning: admitted.descriptor), on: loop))
        } catch {
            abandon(admitted, because: error)
        }
    }

    func forgetRevoked(_ admitted: Admitted) {
        reportRevoked(RevokedKey(peer: admitted.peer, listener: admitted.listener), connections: 1)
        forget(admitted.peer, admitted.source, requests: 0)
    }

    private func serve(_ admitted: Admitted, over socket: Socket) async {
        if snapshot.window != nil, await isVisit(admitted, over: socket) { return }
        let session: ClientSession
        do throws(SystemError) {
            session = try ClientSession(admitted, over: socket, worker: context)
        } catch {
            return abandon(admitted, because: error)
        }
        sessions[ObjectIdentifier(session)] = session
        noteConnectionCount()
        if isStopped { session.connection.waiter.abort() }
        settle(session, await session.run())
    }

    private func abandon(_ admitted: Admitted, because error: SystemError) {
        context.journal.tlsFailed(
            peer: admitted.peer, proxy: admitted.proxy, listener: admitted.listener, reason: error.description,
            wallMilliseconds: loop.wallMilliseconds)
        forget(admitted.peer, admitted.source, requests: 0)
    }

    /// Starts the task of a connection that a load balancer has just opened.
    func greet(_ arrival: ProxyArrival) {
        connectionsComing += 1
        begin(.greet(arrival))
    }

    /// From the beginning of a load balancer's connection to the verdict on whom it names, and on to the connection's first rest or end.
    func receive(_ arrival: ProxyArrival) async {
        connectionsComing -= 1
        let greeting: ProxyGreeting
        do throws(SystemError) {
            greeting = try ProxyGreeting(arrival, worker: context)
        } catch {
            arrival.snapshot.admission.releaseReservation()
            return finishIfDone()
        }
        greetings[ObjectIdentifier(greeting)] = greeting
        if isStopped { greeting.waiter.abort() }
        let verdict = await greeting.run()
        greetings[ObjectIdentifier(greeting)] = nil
        arrival.snapshot.admission.releaseReservation()
        switch verdict {
        case .admitted(let admitted):
            note(admitted)
            await serve(admitted, over: greeting.socket)
        case .visitor(let visitor): visit(visitor, over: greeting.socket)
        case .over: break
        }
        finishIfDone()
    }

    func wake(_ key: ObjectIdentifier) {
        sessions[key]?.connection.waiter.wake()
    }

    func resume(_ key: ObjectIdentifier) async {
        guard let session = sessions[key] else { return }
        settle(session, await session.resume())
    }

    private func settle(_ session: ClientSession, _ pause: ClientSession.Pause) {
        guard pause == .ended else { return }
        sessions[ObjectIdentifier(session)] = nil
        forget(session.peer, session.source, requests: session.requests)
    }

    /// An admitted connection is over.
    func forget(_ peer: PeerAddress, _ source: AddressPrefix, requests: Int) {
        snapshot.admission.release(peer, listedBy: source)
        context.sources.ended(source, requests: requests, wallMilliseconds: loop.wallMilliseconds)
        finishIfDone()
    }

    /// A task for this on our worker.
    func begin(_ work: Worker.Work) {
        worker?.begin(work)
    }
}
