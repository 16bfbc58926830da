/// What belongs to one worker's thread alone. Reached through the `Worker` actor, or from the objects it holds.
final class WorkerState {
    let index: Int
    let loop: EventLoop
    let buffers = BufferPool()
    let journal: JournalWriter
    private(set) var upstreams: UpstreamPools
    /// By the place that log records name; a listener that was closed keeps its own for the connections that came by it.
    private(set) var listeners: [ListenerName] = []
    /// By their descriptors: several may share an address.
    private(set) var acceptors: [Int32: Acceptor] = [:]
    private(set) var snapshot: Snapshot
    private(set) var isDraining = false
    /// Everything has been told to end; what begins now ends at once.
    private var isStopped = false
    /// Until when a connection without a request stays open while draining.
    private(set) var drainIdleDeadline: Instant = .distantFuture
    private(set) var sources = SourceTally()
    private let announcements: Announcements
    let gauge: FloodGauge
    var identifiers = ExchangeIdentifierSource(seed: System.randomSeed())
    /// Scratch of the parsers: a head is parsed and written on within one turn, so one table of each kind does for all connections.
    var requestFields = FieldTable()
    var responseFields = FieldTable()

    let date = HTTPDate()

    private var connections: [ObjectIdentifier: DownstreamConnection] = [:]
    /// Connections of load balancers that haven't said yet whose they are.
    private var greetings: [ObjectIdentifier: ProxyGreeting] = [:]
    /// By the generation of the snapshot that they were made for. One that another snapshot has replaced lives as long as a request uses it.
    var poolSets: [UInt64: WeakPools] = [:]
    /// Acceptors that haven't ended, and connections that were admitted but whose task hasn't begun: the worker waits for them too.
    private var acceptorsRunning = 0
    private var connectionsComing = 0
    private var worker: Worker?
    private let drainWaiter: Waiter
    let trimmer: Waiter
    /// The most that were open at once since memory was last given back.
    var connectionsPeak = 0
    var connectionCount: Int { connections.count }

    init(
        index: Int, loop: EventLoop, snapshot: Snapshot, journal: JournalWriter, listeners: [ListeningSocket],
        announcements: Announcements, gauge: FloodGauge
    ) throws(SystemError) {
        self.announcements = announcements
        self.gauge = gauge
        self.index = index
        self.loop = loop
        self.snapshot = snapshot
        self.journal = journal
        upstreams = Self.makePools(snapshot, worker: index, buffers: buffers, journal: journal, loop: loop)
        drainWaiter = Waiter(on: loop)
        trimmer = Waiter(on: loop)
        buffers.trimmer = trimmer
        for listener in listeners { try open(listener) }
    }

    private static func makePools(
        _ snapshot: Snapshot, worker index: Int, buffers: BufferPool, journal: JournalWriter, loop: EventLoop
    ) -> UpstreamPools {
        UpstreamPools(snapshot.upstream, worker: index, loop: loop) { place, target in
            let contexts = snapshot.upstream.contexts[place]
            let tls = target.tls.flatMap { settings in contexts.map { UpstreamTLS(settings, context: $0[index]) } }
            return UpstreamPool(target, tls: tls, buffers: buffers, worker: index, loop: loop) { change, reason in
                Self.report(change, reason, of: target, in: journal, loop)
            }
        }
    }

    // MARK: The worker's life

    func begin(on worker: Worker) {
        self.worker = worker
        for descriptor in acceptors.keys.sorted() { beginAccepting(on: descriptor) }
        beginPools()
        begin(.keepMemoryLean)
    }

    private func beginPools() {
        guard let worker else { return }
        let set = snapshot.generation
        poolSets = poolSets.filter { $0.value.pools != nil }
        poolSets[set] = WeakPools(pools: upstreams)
        upstreams.listen { place in
            worker.begin(.relievePool(set: set, upstream: place))
        } ask: { place in
            worker.begin(.askHealth(set: set, upstream: place))
        }
        for place in upstreams.pools.indices {
            begin(.keepPoolClean(set: set, upstream: place))
            // One worker asks for all.
            if snapshot.upstream.check != nil, index == 0 { begin(.checkHealth(set: set, upstream: place)) }
        }
    }

    func drain(milliseconds: Int, idleMilliseconds: Int) {
        guard !isDraining else { return }
        isDraining = true
        drainIdleDeadline = loop.now.advanced(byMilliseconds: idleMilliseconds)
        for acceptor in acceptors.values { acceptor.stop() }
        for connection in connections.values { connection.waiter.wake() }
        for greeting in greetings.values { greeting.waiter.wake() }
        begin(.cutAfterDrain(milliseconds: milliseconds))
        finishIfDone()
    }

    func cutAfterDrain(milliseconds: Int) async {
        _ = await drainWaiter.wait(until: loop.now.advanced(byMilliseconds: milliseconds))
        stop()
    }

    func stop() {
        isDraining = true
        isStopped = true
        drainIdleDeadline = loop.now
        for acceptor in acceptors.values { acceptor.stop() }
        for connection in connections.values { connection.waiter.abort() }
        for greeting in greetings.values { greeting.waiter.abort() }
        finishIfDone()
    }

    func acceptorEnded(on descriptor: Int32) {
        acceptorsRunning -= 1
        acceptors[descriptor] = nil
        finishIfDone()
    }

    private func finishIfDone() {
        guard isDraining, acceptorsRunning == 0, connectionsComing == 0, connections.isEmpty, greetings.isEmpty else { return }
        upstreams.end()
        upstreams.stopListening()
        loop.finish()
    }

    // MARK: Other settings

    /// Serves by `next` from now on: opens and closes listeners, and ends the connections of addresses that it doesn't list.
    ///
    /// - Returns: the descriptors of listeners that could not be opened, which are closed by now.
    func adopt(_ next: Snapshot, opening: [ListeningSocket], closing: Set<Int>) -> [Int32] {
        var lost: [Int32] = []
        let previous = snapshot
        snapshot = next
        journal.writesAccess = next.log.access
        for listener in opening {
            do throws(SystemError) {
                try open(listener)
                if isDraining { acceptors[listener.descriptor]?.stop() }
                beginAccepting(on: listener.descriptor)
            } catch {
                lost.append(listener.descriptor)
                report(.listenerFailed, code: error.code, listener: listener.place)
            }
        }
        for acceptor in acceptors.values where closing.contains(acceptor.place) { acceptor.stop() }
        followFilters()
        if next.upstream !== previous.upstream {
            upstreams.end()
            upstreams = Self.makePools(next, worker: index, buffers: buffers, journal: journal, loop: loop)
            beginPools()
        }
        revoke()
        sources.keep(next.admission.allowList.holds)
        return lost
    }

    /// Ends the connections of addresses that the allow-list doesn't hold any more, whatever they are doing.
    private func revoke() {
        var ended: [RevokedKey: Int] = [:]
        for connection in connections.values where !connection.waiter.isAborted {
            if snapshot.admission.entry(for: connection.peer, nowUnixSeconds: loop.wallUnixSeconds) != nil {
                // So that an old snapshot doesn't live as long as a connection that lies idle.
                _ = connection.takeSnapshot()
                continue
            }
            ended[RevokedKey(peer: connection.peer, listener: connection.listener), default: 0] += 1
            connection.waiter.abort()
        }
        for (key, count) in ended { reportRevoked(key, connections: count) }
    }

    private struct RevokedKey: Hashable {
        let peer: PeerAddress
        let listener: Int
    }

    private func reportRevoked(_ key: RevokedKey, connections: Int) {
        journal.event(
            "revoked", stage: .admission, peer: key.peer, listener: key.listener, fields: [JournalField("connections", connections)],
            wallMilliseconds: loop.wallMilliseconds)
    }

    // MARK: Listeners

    private func open(_ listener: ListeningSocket) throws(SystemError) {
        let name = ListenerName(text: listener.address.description)
        if listener.place < listeners.count { listeners[listener.place] = name } else { listeners.append(name) }
        acceptors[listener.descriptor] = try Acceptor(
            Descriptor(owning: listener.descriptor), wanted: listener.wanted, place: listener.place, isShared: listener.isShared,
            worker: self)
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
        sources.admitted(by: admitted.source, wallMilliseconds: loop.wallMilliseconds)
        if admitted.snapshot.admission.allowList.entries[admitted.entry].isAnnounced { announcements.post(admitted.peer) }
    }

    /// Turned away before a byte of TLS was read.
    func deny(_ peer: PeerAddress, proxy: PeerAddress? = nil, on listener: Int, because reason: DenialReason) {
        sources.deny()
        journal.denied(peer: peer, proxy: proxy, listener: listener, reason: reason, wallMilliseconds: loop.wallMilliseconds)
    }

    /// With the requests of the connections that are open.
    func tally() -> SourceTally {
        var tally = sources
        for connection in connections.values { tally.running(connection.source, requests: connection.requests) }
        return tally
    }

    /// From the beginning of a connection to its end or its first rest.
    func serve(_ admitted: Admitted) async {
        connectionsComing -= 1
        if admitted.snapshot !== snapshot, snapshot.admission.entry(for: admitted.peer, nowUnixSeconds: loop.wallUnixSeconds) == nil {
            System.setResetOnClose(admitted.descriptor, true)
            System.close(admitted.descriptor)
            reportRevoked(RevokedKey(peer: admitted.peer, listener: admitted.listener), connections: 1)
            return forget(admitted.peer, admitted.source, requests: 0)
        }
        do throws(SystemError) {
            await serve(admitted, over: try Socket(Descriptor(owning: admitted.descriptor), on: loop))
        } catch {
            abandon(admitted, because: error)
        }
    }

    private func serve(_ admitted: Admitted, over socket: Socket) async {
        let connection: DownstreamConnection
        do throws(SystemError) {
            connection = try DownstreamConnection(admitted, over: socket, worker: self)
        } catch {
            return abandon(admitted, because: error)
        }
        connections[ObjectIdentifier(connection)] = connection
        noteConnectionCount()
        if isStopped { connection.waiter.abort() }
        settle(connection, await connection.run())
    }

    private func abandon(_ admitted: Admitted, because error: SystemError) {
        journal.tlsFailed(
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
            greeting = try ProxyGreeting(arrival, worker: self)
        } catch {
            arrival.snapshot.admission.releasePlace()
            return finishIfDone()
        }
        greetings[ObjectIdentifier(greeting)] = greeting
        if isStopped { greeting.waiter.abort() }
        let outcome = await greeting.run()
        greetings[ObjectIdentifier(greeting)] = nil
        arrival.snapshot.admission.releasePlace()
        if let admitted = judge(greeting, outcome) {
            note(admitted)
            await serve(admitted, over: greeting.socket)
        } else {
            finishIfDone()
        }
    }

    /// The verdict on a load balancer's connection; nil when it has been closed.
    private func judge(_ greeting: ProxyGreeting, _ outcome: ProxyGreeting.Outcome) -> Admitted? {
        let arrival = greeting.arrival
        guard case .header(let header, let goesOn) = outcome else {
            if case .noHeader = outcome { deny(greeting, peer: arrival.balancer, because: .proxyHeader) }
            greeting.socket.reset()
            return nil
        }
        // Settings that came while the header was waited for may believe this balancer no longer.
        let entrance = snapshot.entrances[arrival.wanted] ?? arrival.entrance
        guard entrance.expectsHeader(from: arrival.balancer) else {
            deny(greeting, peer: arrival.balancer, because: .notListed)
            return nil
        }
        let named = header.named(besides: arrival.balancer)
        let peer = named?.address ?? arrival.balancer
        let proxy = named == nil ? nil : arrival.balancer
        if named == nil, snapshot.admission.entry(for: peer, nowUnixSeconds: loop.wallUnixSeconds) == nil {
            // Who only looked whether we are there has seen that. Nobody was turned away.
            if goesOn { deny(greeting, peer: peer, because: .balancerCheck) } else { greeting.socket.close() }
            return nil
        }
        switch snapshot.decide(peer, nowUnixSeconds: loop.wallUnixSeconds, now: loop.now) {
        case .admitted(let entry):
            return Admitted(
                descriptor: greeting.socket.descriptor, peer: peer, port: named?.port ?? arrival.port, proxy: proxy, entry: entry,
                listener: arrival.listener, accepted: arrival.accepted, tls: entrance.tls[index], snapshot: snapshot)
        case .denied(let reason):
            deny(greeting, peer: peer, proxy: proxy, because: reason)
            return nil
        }
    }

    private func deny(_ greeting: ProxyGreeting, peer: PeerAddress, proxy: PeerAddress? = nil, because reason: DenialReason) {
        if snapshot.onDeny != .close || reason == .proxyHeader { greeting.socket.reset() } else { greeting.socket.close() }
        deny(peer, proxy: proxy, on: greeting.arrival.listener, because: reason)
    }

    /// What wakes a connection from another thread; without effect when it is over by then.
    func bell(for connection: DownstreamConnection) -> @Sendable () -> Void {
        let (worker, key) = (worker, ObjectIdentifier(connection))
        return { worker?.begin(.wake(key)) }
    }

    func wake(_ key: ObjectIdentifier) {
        connections[key]?.waiter.wake()
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
        forget(connection.peer, connection.source, requests: connection.requests)
    }

    /// An admitted connection is over.
    private func forget(_ peer: PeerAddress, _ source: AddressPrefix, requests: Int) {
        snapshot.admission.release(peer, listedBy: source)
        sources.ended(source, requests: requests, wallMilliseconds: loop.wallMilliseconds)
        finishIfDone()
    }

    /// A task for this on our worker.
    private func begin(_ work: Worker.Work) {
        worker?.begin(work)
    }
}
