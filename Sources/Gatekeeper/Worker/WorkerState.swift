/// What belongs to one worker's thread alone. Reached through the `Worker` actor, or from the objects it holds.
final class WorkerState {
    let index: Int
    let loop: EventLoop
    let buffers = BufferPool()
    let journal: JournalWriter
    let upstreams: UpstreamPools
    private var checks: [HealthCheck] = []
    private(set) var acceptors: [Acceptor] = []
    private(set) var snapshot: Snapshot
    private(set) var isDraining = false
    var identifiers = ExchangeIdentifierSource(seed: System.randomSeed())
    /// Scratch of the parsers: a head is parsed and written on within one turn, so one table of each kind does for all connections.
    var requestFields = FieldTable()
    var responseFields = FieldTable()

    private var connections: [ObjectIdentifier: DownstreamConnection] = [:]
    /// Acceptors that haven't ended, and connections that were admitted but whose task hasn't begun: the worker waits for them too.
    private var acceptorsRunning = 0
    private var connectionsComing = 0
    private var worker: Worker?
    private let drainWaiter: Waiter

    init(
        index: Int, loop: EventLoop, snapshot: Snapshot, journal: JournalWriter, listeners: [ListeningSocket]
    ) throws(SystemError) {
        self.index = index
        self.loop = loop
        self.snapshot = snapshot
        self.journal = journal
        upstreams = UpstreamPools(snapshot.upstream, loop: loop) { [buffers] place, target in
            let contexts = snapshot.upstreamTLS[place]
            let tls = target.tls.flatMap { settings in contexts.map { UpstreamTLS(settings, context: $0[index]) } }
            return UpstreamPool(target, tls: tls, buffers: buffers, loop: loop) { change, reason in
                Self.report(change, reason, of: target, in: journal, loop)
            }
        }
        drainWaiter = Waiter(on: loop)
        for (index, listener) in listeners.enumerated() {
            acceptors.append(
                try Acceptor(Descriptor(owning: listener.descriptor), address: listener.address, index: index, worker: self))
        }
    }

    // MARK: The worker's life

    func begin(on worker: Worker) {
        self.worker = worker
        acceptorsRunning = acceptors.count
        for index in acceptors.indices {
            begin(.accept(acceptor: index))
        }
        for (place, pool) in upstreams.pools.enumerated() {
            pool.target.slots.register(worker: index) { worker.begin(.relievePool(upstream: place)) }
            begin(.keepPoolClean(upstream: place))
            // One worker asks for all.
            if snapshot.upstream.check != nil, index == 0 { begin(.checkHealth(upstream: place)) }
        }
    }

    func drain(milliseconds: Int) {
        guard !isDraining else { return }
        isDraining = true
        for acceptor in acceptors { acceptor.stop() }
        for connection in connections.values { connection.waiter.wake() }
        begin(.cutAfterDrain(milliseconds: milliseconds))
        finishIfDone()
    }

    func cutAfterDrain(milliseconds: Int) async {
        _ = await drainWaiter.wait(until: loop.now.advanced(byMilliseconds: milliseconds))
        stop()
    }

    func stop() {
        isDraining = true
        for acceptor in acceptors { acceptor.stop() }
        for connection in connections.values { connection.waiter.abort() }
        finishIfDone()
    }

    func acceptorEnded() {
        acceptorsRunning -= 1
        finishIfDone()
    }

    private func finishIfDone() {
        guard isDraining, acceptorsRunning == 0, connectionsComing == 0, connections.isEmpty else { return }
        for pool in upstreams.pools { pool.target.slots.unregister(worker: index) }
        for check in checks { check.end() }
        upstreams.end()
        loop.finish()
    }

    // MARK: Connections

    /// Starts the task of a connection that has just been admitted.
    func admit(_ admitted: Admitted) {
        connectionsComing += 1
        begin(.serve(admitted))
    }

    /// From the beginning of a connection to its end or its first rest.
    func serve(_ admitted: Admitted) async {
        connectionsComing -= 1
        let connection: DownstreamConnection
        do throws(SystemError) {
            connection = try DownstreamConnection(admitted, worker: self)
        } catch {
            journal.tlsFailed(
                peer: admitted.peer, listener: admitted.listener, reason: error.description, wallMilliseconds: loop.wallMilliseconds)
            admitted.snapshot.admission.release(admitted.peer)
            return finishIfDone()
        }
        connections[ObjectIdentifier(connection)] = connection
        settle(connection, await connection.run())
    }

    /// Begins a task for a connection that rests.
    func resume(_ connection: DownstreamConnection) {
        begin(.resume(ObjectIdentifier(connection)))
    }

    func resume(_ key: ObjectIdentifier) async {
        guard let connection = connections[key] else { return }
        settle(connection, await connection.resume())
    }

    private func settle(_ connection: DownstreamConnection, _ pause: DownstreamConnection.Pause) {
        guard pause == .ended else { return }
        connections[ObjectIdentifier(connection)] = nil
        connection.admitted.snapshot.admission.release(connection.admitted.peer)
        finishIfDone()
    }

    /// A task for this on our worker.
    private func begin(_ work: Worker.Work) {
        worker?.begin(work)
    }

    // MARK: Upstreams

    func checkHealth(upstream place: Int) async {
        guard let settings = snapshot.upstream.check else { return }
        let pool = upstreams.pools[place]
        let check = HealthCheck(
            pool, settings, host: snapshot.fixedHost.isEmpty ? pool.target.authority : snapshot.fixedHost,
            connectMilliseconds: snapshot.timeouts.connectMilliseconds, loop: loop)
        checks.append(check)
        await check.run()
    }

    private static func report(
        _ change: UpstreamHealth.Change, _ reason: StaticString?, of target: UpstreamTarget, in journal: JournalWriter, _ loop: EventLoop
    ) {
        var fields = [JournalField("upstream", target.name)]
        if let reason { fields.append(JournalField("reason", "\(reason)")) }
        journal.event(
            change == .down ? "upstream_down" : "upstream_up", stage: .upstream, fields: fields, wallMilliseconds: loop.wallMilliseconds)
    }

    // MARK: Rare events

    enum Trouble {
        case descriptorsExhausted
        case listenerFailed
    }

    func report(_ trouble: Trouble, code: Int32, listener: Int) {
        let event: StaticString
        switch trouble {
        case .descriptorsExhausted: event = "descriptors_exhausted"
        case .listenerFailed: event = "listener_failed"
        }
        journal.event(
            event, stage: .accept, listener: listener, fields: [JournalField("error", System.describe(code))],
            wallMilliseconds: loop.wallMilliseconds)
    }
}
