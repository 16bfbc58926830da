internal import Synchronization

/// The running door: listeners, workers and the journal.
///
/// ```
///   settings ─▶ Snapshot ─▶ Worker × cores ─▶ Journal ─▶ descriptor
/// ```
///
/// Threads: one a worker (`worker-0` …), one for the journal, and one for the resolver if the upstream is given by name. Whoever owns the
/// server is the control thread and never serves a request.
public final class Server: Sendable {
    let workers: [Worker]
    let libraries: [TLSLibrary]
    /// Who comes while challenges are pending.
    let visits = ChallengeVisits()
    let journal: Journal
    /// For the life of the process: a request that loops may come back after a reload.
    private let loopMarker = LoopMarker.make()
    let sources = SourceCounters()
    private let rates = SourceRates()
    private let handshakes = SourceRates()
    let answers = AnswerRuns()
    let firstUses: FirstUseNotices
    /// How many strangers there are.
    let gauge: FloodGauge
    /// Why the kernel takes no filter of ours; nil if it does.
    let filterObstacle: SystemError?
    let current: Mutex<Current>
    /// Rung by every worker that has ended.
    private let ended: Bell
    private let running: Atomic<Int>
    /// The service manager's question whether workers are alive; `liveness` is everybody else's.
    let watchdog = WorkerLiveness()
    let liveness = WorkerLiveness()
    let hasBegunDrain = Atomic(false)
    private let isFinished = Atomic(false)

    /// What is served by, as the control thread knows it.
    struct Current {
        var settings: Settings
        var snapshot: Snapshot
        var ticketKeys: TicketKeys
        var listeners: ListenerTable
        var shield: ShieldState
        /// Where pages are shown to authorities: as it was asked for, and as it is bound; nil while none is pending.
        var pages: (wanted: SocketAddress, bound: SocketAddress)?
    }

    /// Opens the listeners, loads the certificate and starts serving.
    ///
    /// - Parameters:
    ///   - journalDescriptor: where log lines go; borrowed until the server has ended.
    ///   - syslogPath: the socket of the system's log, which gets the lines in place of the descriptor.
    ///   - inherited: sockets that listen already, used where the settings name their address; the others are closed.
    public init(
        settings: Settings, journalDescriptor: Int32, syslogPath: String? = nil, inherited: [InheritedListener] = []
    ) throws(ServerError) {
        let count = settings.workers ?? System.processorCount()
        let settings = Self.bounded(settings)
        libraries = try Self.makeLibraries(count)
        let ticketKeys = try Self.makeTicketKeys()
        let upstream = try UpstreamGroup(
            settings.upstream, connectMilliseconds: settings.timeouts.connectMilliseconds, libraries: libraries,
            loopMarker: loopMarker)
        filterObstacle = Self.filterObstacle()
        let filters = settings.onDeny == .drop ? try Self.makeFilters(settings) : [:]
        let snapshot = try Snapshot(
            settings, after: nil, filters: filters, sources: sources, rates: rates, handshakes: handshakes, answers: answers,
            upstream: upstream,
            ticketKeys: ticketKeys, libraries: libraries)
        var listeners = ListenerTable(workers: count, inherited: inherited)
        do throws(SystemError) {
            let change = try listeners.change(to: settings.listeners.map(\.address), free: settings.freeAddresses, filters: filters)
            let journal = try Journal.start(
                descriptor: journalDescriptor, syslogPath: syslogPath, workers: count, listeners: listeners.names, log: settings.log,
                answers: answers)
            self.journal = journal
            let firstUses = try FirstUseNotices()
            self.firstUses = firstUses
            let gauge = try FloodGauge()
            self.gauge = gauge
            var workers: [Worker] = []
            for index in 0..<count {
                workers.append(
                    try Worker(
                        index: index, snapshot: snapshot, journal: journal.writer(worker: index), listeners: change.opened[index],
                        firstUses: firstUses, gauge: gauge))
            }
            self.workers = workers
            ended = try Bell()
            running = Atomic(count)
        } catch {
            throw ServerError(error)
        }
        let shield = ShieldState(settings, at: System.now(), gauge.counts)
        current = Mutex(
            Current(settings: settings, snapshot: snapshot, ticketKeys: ticketKeys, listeners: listeners, shield: shield))
        // It is turned for the first time by whoever serves.
        gauge.ring()
        try startThreads()
        journal.event(
            "started",
            [
                JournalField("listeners", addresses.map(\.description).joined(separator: " ")),
                JournalField("workers", count), JournalField("allowed", settings.allow.count),
                JournalField("connections_max", settings.limits.connectionsMax),
                JournalField("upstream", settings.upstream.servers.map(\.name).joined(separator: " ")),
            ])
    }

    /// What the listeners are bound to, in the order of the settings; a port of 0 is filled in.
    public var addresses: [SocketAddress] { current.withLock { $0.listeners.addresses } }

    /// The listeners whose address isn't the machine's now; nobody can connect to them.
    package var absentListeners: [(address: SocketAddress, isFree: Bool)] { current.withLock { $0.listeners.absent } }

    /// When each entry of the allow-list was last seen, in milliseconds since 1970; of those that have come.
    package func lastSeen() -> [AddressPrefix: Int64] {
        let total = Mutex(SourceTally())
        onEveryWorker { worker, _ in
            let tally = await worker.tally()
            total.withLock { $0.add(tally) }
        }
        return total.withLock { $0.usage.mapValues(\.lastSeenMilliseconds) }
    }

    /// Counts up with every `apply`, from 1.
    public var generation: UInt64 { current.withLock { $0.snapshot.generation } }

    /// The listening sockets, for a process that is to accept on them beside this one. The descriptors stay ours; they are good until the next
    /// `apply` or the drain.
    public var listeners: [InheritedListener] { current.withLock { $0.listeners.sockets } }

    /// Serves by other settings from the moment this returns, or throws and leaves everything as it was.
    ///
    /// Established connections go on and take the new settings with their next request; those of an address that isn't listed any more end at
    /// once, and those of whom TLS or a load balancer was asked less than now end with their next answer. New listeners are open before old ones close. The number of workers stays.
    public func apply(_ settings: Settings) throws(ServerError) {
        guard !hasBegunDrain.load(ordering: .relaxed) else { throw ServerError(settings: "the service is about to stop") }
        let settings = Self.bounded(settings)
        try current.withLock { (current) throws(ServerError) in
            try apply(settings, to: &current)
        }
    }

    private func apply(_ settings: Settings, to current: inout Current) throws(ServerError) {
        // Whoever resumes a session was judged by the settings that its ticket was sealed under.
        let ticketKeys = settings.tls == current.settings.tls ? current.ticketKeys : try Self.makeTicketKeys()
        let connectMilliseconds = settings.timeouts.connectMilliseconds
        let isSameUpstream =
            current.snapshot.upstream.identity == UpstreamIdentity(settings.upstream, connectMilliseconds: connectMilliseconds)
        let upstream =
            isSameUpstream
            ? current.snapshot.upstream
            : try UpstreamGroup(
                settings.upstream, connectMilliseconds: connectMilliseconds, libraries: libraries, loopMarker: loopMarker,
                after: current.snapshot.upstream)
        // A name may have moved, and whoever reloads knows.
        if isSameUpstream { upstream.askAgain() }
        // What another process may be about to accept on is left alone.
        var filters =
            current.shield.isLent
            ? current.snapshot.filters
            : settings.onDeny == .drop || current.shield.isUp(by: settings) ? try Self.makeFilters(settings) : [:]
        // They can be made, and wait.
        if !current.shield.isLent, isLifted(current) { filters = [:] }
        let snapshot = try Snapshot(
            settings, after: current.snapshot, filters: filters, sources: sources, rates: rates, handshakes: handshakes, answers: answers,
            upstream: upstream,
            ticketKeys: ticketKeys, libraries: libraries)
        let change: ListenerTable.Change
        do throws(SystemError) {
            change = try current.listeners.change(
                to: settings.listeners.map(\.address), free: settings.freeAddresses, filters: filters)
        } catch {
            // The list before stays.
            _ = answers.cellIndices(for: current.snapshot.admission.allowList.entries)
            throw ServerError(error)
        }
        journal.rename(listeners: current.listeners.names)
        journal.write(as: settings.log.format)
        journal.learned.turn(on: settings.log.learns)
        let lost = Mutex(Set<Int32>())
        onEveryWorker { worker, index in
            let failed = await worker.adopt(snapshot, opening: change.opened[index], closing: change.closed)
            lost.withLock { $0.formUnion(failed) }
        }
        current.listeners.forget(lost.withLock { $0 })
        current.settings = settings
        current.snapshot = snapshot
        current.ticketKeys = ticketKeys
        follow(settings, with: &current.shield)
    }

    /// Admits these from the moment this returns, and nobody else; connections of others end at once.
    ///
    /// No file is read and nothing is opened, so nothing can fail: the end of a grant must not depend on a certificate that is just being
    /// replaced. Holds while draining too, without waiting for workers that may have ended.
    public func admit(_ allow: [Settings.AllowEntry]) {
        current.withLock { current in
            current.settings.allow = allow
            let snapshot = Snapshot(current.snapshot, admitting: allow, filters: filters(for: current))
            onEveryWorker { worker, _ in await worker.adopt(snapshot, opening: [], closing: []) }
            current.snapshot = snapshot
        }
    }

    /// It accepts nothing any more and ends when what runs is finished.
    package var isDraining: Bool { hasBegunDrain.load(ordering: .relaxed) }

    /// Whether a request that came now would be tried with some ticket system.
    package var hasUpstream: Bool {
        current.withLock { current in current.snapshot.upstream.targets.contains { $0.health.wouldTry(now: System.now()) } }
    }

    /// A line of the control plane in the log.
    package func event(_ name: String, _ fields: [JournalField] = []) {
        journal.event(name, fields)
    }

    /// Has log lines go to the system's log, or (nil) to the descriptor that the server was given.
    public func directLog(toSyslog path: String?) {
        journal.direct(toSyslog: path)
    }

    /// Stops accepting and lets exchanges finish, without waiting for them. Connections that outlast the drain timeout are cut.
    ///
    /// A connection on which nothing runs may have a request on the way, which would be lost if it closed now: it gets a while to bring it, and
    /// the answer says `Connection: close`.
    ///
    /// - Parameter isHandedOver: another process accepts by now, so there is no hurry: the while is nearly the whole drain timeout.
    public func beginDrain(isHandedOver: Bool = false) {
        guard !hasBegunDrain.exchange(true, ordering: .relaxed) else { return }
        journal.event("draining")
        let milliseconds = current.withLock { $0.settings.timeouts.drainMilliseconds }
        let idleMilliseconds = isHandedOver ? max(0, milliseconds - ClientConnection.lingerMilliseconds) : Self.drainIdleMilliseconds
        for worker in workers {
            Task(executorPreference: worker.loop) {
                await worker.drain(milliseconds: milliseconds, idleMilliseconds: min(idleMilliseconds, milliseconds))
            }
        }
    }

    /// True once every worker has ended and everything is in the log.
    public func wait(milliseconds: Int) -> Bool {
        if running.load(ordering: .acquiring) > 0 {
            _ = ended.wait(milliseconds: Int32(clamping: milliseconds))
        }
        guard running.load(ordering: .acquiring) == 0 else {
            ended.silence()
            return false
        }
        if !isFinished.exchange(true, ordering: .acquiringAndReleasing) {
            journal.finish(lastly: "stopped")
        }
        return true
    }

    /// Drains and waits for the end.
    public func drain() {
        beginDrain()
        while !wait(milliseconds: 1_000) {}
    }

    /// Ends every connection at once; `wait` tells when that is done.
    public func stop() {
        for worker in workers {
            Task(executorPreference: worker.loop) { await worker.stop() }
        }
    }

    /// An admitted connection may need a second descriptor for its upstream connection. More connections than that are denied instead of being
    /// let in and answered with 502.
    private static func bounded(_ settings: Settings) -> Settings {
        var settings = settings
        settings.limits.connectionsMax = min(settings.limits.connectionsMax, connectionsMax(descriptors: System.descriptorsMax()))
        return settings
    }

    /// How many connections a process admits that may have so many descriptors open.
    package static func connectionsMax(descriptors: Int) -> Int {
        max(1, (descriptors - ownDescriptors - min(ChallengeVisits.placesMax, descriptors / 8)) / 2)
    }

    /// What we have open besides connections: listeners, logs, event loops, the ledger. An authority's visits come on top.
    private static let ownDescriptors = 40

    private static func makeLibraries(_ count: Int) throws(ServerError) -> [TLSLibrary] {
        var libraries: [TLSLibrary] = []
        do throws(TLSSetupError) {
            for _ in 0..<count { libraries.append(try TLSLibrary()) }
        } catch {
            throw ServerError(settings: error.description)
        }
        return libraries
    }

    private static func makeTicketKeys() throws(ServerError) -> TicketKeys {
        do throws(TLSSetupError) {
            return try TicketKeys()
        } catch {
            throw ServerError(settings: error.description)
        }
    }

    /// Has each worker do something, and waits until all have.
    ///
    /// A worker does it at the end of its loop's turn; one that takes longer than this waits does it all the same.
    ///
    /// - Returns: false if some haven't yet.
    @discardableResult
    func onEveryWorker(
        withinMilliseconds patience: Int32 = adoptionMilliseconds, _ work: @escaping @Sendable (Worker, Int) async -> Void
    ) -> Bool {
        let latch = Latch(workers.count)
        for (index, worker) in workers.enumerated() {
            Task(executorPreference: worker.loop) {
                await work(worker, index)
                latch.finish()
            }
        }
        return latch.wait(milliseconds: hasBegunDrain.load(ordering: .relaxed) ? 0 : patience)
    }

    /// More than a round trip to the other side of the world.
    private static let drainIdleMilliseconds = 500
    private static let adoptionMilliseconds: Int32 = 5_000

    private func startThreads() throws(ServerError) {
        for (index, worker) in workers.enumerated() {
            do throws(SystemError) {
                let thread = try Thread(name: "worker-\(index)") { [self] in
                    worker.run()
                    running.subtract(1, ordering: .acquiringAndReleasing)
                    ended.ring()
                }
                thread.detach()
            } catch {
                throw ServerError(error)
            }
        }
    }
}
