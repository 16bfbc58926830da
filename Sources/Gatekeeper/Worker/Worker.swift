/// One core's share of the service: an event loop, its listeners, its connections, its upstream pool.
///
/// An actor whose executor is the event loop, so that the compiler keeps everything in `Conductor` on this worker's thread. Connections
/// never move to another worker, and workers share nothing but what is immutable or atomic.
actor Worker {
    nonisolated let loop: EventLoop
    private let conductor: Conductor

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        // SAFETY: the actor holds the loop for as long as it lives.
        unsafe loop.asUnownedSerialExecutor()
    }

    init(
        index: Int, snapshot: Snapshot, journal: sending JournalWriter, listeners: [ListeningSocket], firstUses: FirstUseNotices,
        gauge: FloodGauge
    ) throws(SystemError) {
        let loop = try EventLoop(mark: journal.mark)
        self.loop = loop
        conductor = try Conductor(
            index: index, loop: loop, snapshot: snapshot, journal: journal, listeners: listeners, firstUses: firstUses,
            gauge: gauge)
    }

    /// Serves on the calling thread until `drain` has finished or `stop` was called.
    nonisolated func run() {
        Task(executorPreference: loop) { await self.begin() }
        loop.run()
    }

    private func begin() {
        conductor.begin(on: self)
    }

    /// Accept nothing more, finish what runs, then end. Connections that outlast `milliseconds` are cut; those on which no request comes within
    /// `idleMilliseconds` are closed.
    func drain(milliseconds: Int, idleMilliseconds: Int) {
        conductor.drain(milliseconds: milliseconds, idleMilliseconds: idleMilliseconds)
    }

    /// Serve by other settings; the listeners among `opening` that failed are returned, by their descriptors.
    @discardableResult
    func adopt(_ snapshot: Snapshot, opening: [ListeningSocket], closing: Set<Int>) -> [Int32] {
        conductor.adopt(snapshot, opening: opening, closing: closing)
    }

    /// Show pages to authorities on this listening socket, instead of the one before; nil to nobody.
    func showPages(on descriptor: Int32?) -> Bool { conductor.showPages(on: descriptor) }

    /// Put the listeners' filters in place again, whatever another process has done with the sockets meanwhile.
    func restoreFilters() { conductor.followFilters(isForced: true) }

    /// Leave the sockets to another process that begins to accept on them, or (false) take them back.
    func lendSockets(_ isLent: Bool) { conductor.lendSockets(isLent) }

    /// Learn how many packets the kernel has dropped.
    func countDrops() { conductor.countDrops() }

    func tally() -> SourceTally { conductor.tally() }

    func verdicts() -> VerdictTally { conductor.context.journal.verdicts }

    /// The answers to requests of each source.
    func answers() -> AnswerTallies { conductor.context.journal.answerTallies }

    /// The answers of each ticket system of `group`, in its order; none while others are served by.
    func answers(of group: UpstreamGroup) -> [AnswerTally] {
        let upstreams = conductor.context.upstreams
        return upstreams.group === group ? upstreams.pools.map(\.answers) : []
    }

    /// Proves that the loop turns.
    func answer() {}

    /// End at once.
    func stop() {
        conductor.stop()
    }

    /// What a task of a worker does.
    enum Work: Sendable {
        case accept(descriptor: Int32)
        case keepPoolClean(set: UInt64, upstream: Int)
        case checkHealth(set: UInt64, upstream: Int)
        /// A request to a ticket system has failed.
        case askHealth(set: UInt64, upstream: Int)
        /// Requests wait for connections to a ticket system, with some worker.
        case relievePool(set: UInt64, upstream: Int)
        case cutAfterDrain(milliseconds: Int)
        /// The disk has done something for a connection's request.
        case wake(ObjectIdentifier)
        case keepMemoryLean
        /// The beginning of a load balancer's connection, and the life of what it turns out to be.
        case greet(ProxyArrival)
        /// The life of a connection that was just admitted, up to its end or its first rest.
        case serve(Admitted)
        /// The life of a connection that has rested.
        case resume(ObjectIdentifier)
        /// The life of a connection that came while a challenge is pending.
        case visit(ObjectIdentifier)
        /// Another such connection needs its place.
        case endVisit(ChallengeVisits.Place)
        case acceptPages
    }

    /// Begins a task on this worker, from any thread.
    ///
    /// With the event loop as its preferred executor: isolation alone would run each step on the loop, but by way of Swift's global pool
    /// (decision 0001).
    nonisolated func begin(_ work: Work) {
        Task(executorPreference: loop) { await self.perform(work) }
    }

    private func perform(_ work: Work) async {
        switch work {
        case .accept(let descriptor): await conductor.accept(on: descriptor)
        case .keepPoolClean(let set, let upstream): await conductor.keepPoolClean(set: set, upstream: upstream)
        case .checkHealth(let set, let upstream): await conductor.checkHealth(set: set, upstream: upstream)
        case .askHealth(let set, let upstream): await conductor.askHealth(set: set, upstream: upstream)
        case .relievePool(let set, let upstream): conductor.relievePool(set: set, upstream: upstream)
        case .cutAfterDrain(let milliseconds): await conductor.cutAfterDrain(milliseconds: milliseconds)
        case .wake(let connection): conductor.wake(connection)
        case .keepMemoryLean: await conductor.keepMemoryLean()
        case .greet(let arrival): await conductor.receive(arrival)
        case .serve(let admitted): await conductor.serve(admitted)
        case .resume(let connection): await conductor.resume(connection)
        case .visit(let visit): await conductor.runVisit(visit)
        case .endVisit(let place): conductor.endVisit(in: place)
        case .acceptPages: await conductor.acceptPages()
        }
    }
}
