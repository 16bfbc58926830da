import CTLS

@testable import Gatekeeper

/// One run: a worker of the real core on a simulated kernel, the peers of a scenario, and what must hold of it all.
final class SimulatedWorld {
    struct Report {
        let seed: UInt64
        let failures: [String]
        let fingerprint: UInt64
        let turns: Int
        let requests: Int
        let served: Int
        let isCalm: Bool
    }

    private let files: SimulationFiles
    private let sources: SourceCounters
    private let scenario: Scenario
    private let kernel: SimulatedKernel
    private let ledger: Ledger
    private let ring = JournalRing(capacity: 128 << 10)
    private let rates = (SourceRates(), SourceRates())
    private let answers: AnswerRuns
    private var groups: [UpstreamGroup] = []
    private var snapshot: Snapshot
    private var listed = Set(Scenario.sources)
    private var worker: Worker?
    private var clients: [ScriptedClient] = []
    private var upstreams: [ScriptedUpstream] = []
    private var strangers: [Stranger] = []
    private var clientsOver = 0
    private var hasEnded = false
    private var endedAt = UInt64.max
    private var port: UInt16 = 40_000
    private let listening: SimulatedSocket

    /// Runs what a seed stands for, on the calling thread.
    ///
    /// - Parameter sources: what counts the connections; costly to make, and as before when the run has ended.
    static func run(seed: UInt64, sources: SourceCounters, trace: ((String) -> Void)? = nil) throws -> Report {
        let files = try SimulationFiles.shared()
        var random = SeededGenerator(seed: seed)
        let scenario = Scenario(&random, files: files)
        let kernel = SimulatedKernel(faults: scenario.faults, random: random.fork())
        kernel.trace = trace
        simulateTLS()
        defer { endTLS() }
        return try Simulation.run(on: kernel) {
            let world = try SimulatedWorld(scenario, on: kernel, files, sources)
            return try world.run(seed: seed)
        }
    }

    /// OpenSSL's sockets and random numbers are the kernel's of this thread.
    static func simulateTLS() {
        unsafe ctls_simulate(
            ctls_simulated(
                receive: { descriptor, bytes, count in
                    guard let kernel = Simulation.kernel else { return -1 }
                    return unsafe kernel.receive(descriptor, into: UnsafeMutableRawBufferPointer(start: bytes, count: count), flags: 0)
                },
                fill: { bytes, count in
                    guard let kernel = Simulation.kernel as? SimulatedKernel else { return }
                    unsafe kernel.fill(UnsafeMutableBufferPointer(start: bytes, count: count))
                }))
    }

    static func endTLS() { unsafe ctls_simulate(ctls_simulated(receive: nil, fill: nil)) }

    private init(_ scenario: Scenario, on kernel: SimulatedKernel, _ files: SimulationFiles, _ sources: SourceCounters) throws {
        self.files = files
        self.sources = sources
        self.scenario = scenario
        self.kernel = kernel
        ledger = Ledger(kernel)
        answers = AnswerRuns()
        let group = try Self.makeGroup(scenario.settings, files)
        groups = [group]
        snapshot = try Snapshot(
            scenario.settings, after: nil, sources: sources, rates: rates.0, handshakes: rates.1, answers: answers, upstream: group,
            ticketKeys: files.ticketKeys, libraries: [files.library])
        listening = kernel.listen()
        ledger.reusesAfterBody = scenario.settings.upstream.reusesAfterBody
    }

    private static func makeGroup(_ settings: Settings, _ files: SimulationFiles) throws -> UpstreamGroup {
        try UpstreamGroup(settings.upstream, connectMilliseconds: settings.timeouts.connectMilliseconds, libraries: [files.library])
    }

    // MARK: The run

    private func run(seed: UInt64) throws -> Report {
        let before = sources.connections
        kernel.nanosecondsMax = UInt64(scenario.endMilliseconds + 300_000) * 1_000_000
        kernel.welcome = { [unowned self] socket, _ in
            let upstream = ScriptedUpstream(
                kernel, ledger, socket, scenario.manners, tls: scenario.isUpstreamSealed ? files.server : nil,
                scenario.settings.upstream.clientAddress)
            upstreams.append(upstream)
            return upstream.wire
        }
        plan()
        try serve()
        if scenario.isCalm, endedAt != .max, endedAt > 60_000_000_000 {
            kernel.fail("what goes well takes \(endedAt / 1_000_000_000) s")
        }
        if kernel.nanoseconds > endedAt, kernel.nanoseconds - endedAt > 20_000_000_000 { kernel.fail("a drain takes 20 s") }
        kernel.runOut()
        readLog()
        ledger.close(isCalm: scenario.isCalm)
        for stranger in strangers where stranger.received > 0 { kernel.fail("a stranger gets \(stranger.received) bytes") }
        if sources.connections != before { kernel.fail("\(sources.connections - before) connections are counted as open") }
        for group in groups where group.targets[0].slots.count != 0 {
            kernel.fail("\(group.targets[0].slots.count) connections to the upstream are counted as open")
        }
        if !kernel.openNumbers.isEmpty { kernel.fail("left open: \(kernel.openNumbers.joined(separator: ", "))") }
        let requests = ledger.requests.values
        return Report(
            seed: seed, failures: kernel.failures, fingerprint: kernel.fingerprint, turns: kernel.turn,
            requests: requests.count { $0.isBegun }, served: requests.count { $0.answer != nil }, isCalm: scenario.isCalm)
    }

    /// From the first turn of the loop to the last, and until nothing of the worker is left.
    private func serve() throws {
        weak var trail: Worker?
        do {
            let listener = ListeningSocket(
                descriptor: listening.descriptor, wanted: Scenario.listener, address: Scenario.listener, index: 0)
            let worker = try Worker(
                index: 0, snapshot: snapshot,
                journal: JournalWriter(ring: ring, signal: files.signal, answers: answers, writesAccess: true),
                listeners: [listener], firstUses: FirstUseNotices(), gauge: FloodGauge())
            self.worker = worker
            trail = worker
            kernel.giveUp = { [unowned worker] in worker.loop.finish() }
            worker.run()
            kernel.giveUp = {}
            self.worker = nil
        }
        if trail != nil { kernel.fail("a task waits on, and the loop is over") }
    }

    private func plan() {
        for (number, plan) in scenario.clients.enumerated() {
            kernel.after(milliseconds: plan.beginsMilliseconds) { [self] in connect(number, plan) }
        }
        for milliseconds in scenario.strangers {
            kernel.after(milliseconds: milliseconds) { [self] in
                strangers.append(Stranger(kernel, from: SocketAddress(address: Scenario.stranger, port: nextPort()), to: listening))
            }
        }
        for (milliseconds, command) in scenario.commands {
            kernel.after(milliseconds: milliseconds) { [self] in perform(command) }
        }
        kernel.after(milliseconds: scenario.endMilliseconds) { [self] in
            if !hasEnded { checkWaits() }
            endOnce()
        }
    }

    private func connect(_ number: Int, _ plan: ClientPlan) {
        kernel.note("client \(number) comes from \(plan.source)")
        let ticket = scenario.resumes ? clients.last { $0.ticket != nil }?.ticket : nil
        clients.append(
            ScriptedClient(
                kernel, ledger, plan, context: files.client, ticket: ticket,
                from: SocketAddress(address: scenario.isBalanced ? Scenario.balancer : plan.source, port: nextPort()), to: listening
            ) { [self] in
                clientsOver += 1
                if clientsOver == scenario.clients.count { endWhenClosed(after: kernel.nanoseconds) }
            })
    }

    private func nextPort() -> UInt16 {
        port += 1
        return port
    }

    /// All clients are done: sooner or later, their connections are.
    private func endWhenClosed(after gone: UInt64) {
        kernel.after(milliseconds: 100) { [self] in
            guard !hasEnded else { return }
            let open = clients.filter(\.isOpen)
            // What a client sent before it went may drip in for long after.
            let gone = open.allSatisfy(\.wire.hasArrived) ? gone : kernel.nanoseconds
            let patience: UInt64 = scenario.isCalm ? 500 : 60
            if let hung = open.first, kernel.nanoseconds > gone + patience * 1_000_000_000 {
                kernel.fail("socket \(hung.wire.socket.number) is open, and its client has been gone for \(patience) s")
                return endOnce()
            }
            if open.isEmpty { endOnce() } else { endWhenClosed(after: gone) }
        }
    }

    /// Nobody waits for longer than any deadline.
    private func checkWaits() {
        let patience: UInt64 = scenario.isCalm ? 500 : 60
        for client in clients where client.isOpen && kernel.nanoseconds > client.wire.movedAt + patience * 1_000_000_000 {
            kernel.fail("on socket \(client.wire.socket.number) nothing has moved for \(patience) s")
        }
    }

    private func checkRevoked(_ source: PeerAddress) {
        let turn = kernel.turn
        kernel.after(milliseconds: 1_000) { [self] in
            guard !listed.contains(source), kernel.turn > turn + 10 else { return }
            for client in clients where client.source == source && client.isOpen && !scenario.isBalanced {
                kernel.fail("socket \(client.wire.socket.number) of \(source) is open, and its address left the list a second ago")
            }
        }
    }

    private func endOnce() {
        guard !hasEnded else { return }
        hasEnded = true
        endedAt = kernel.nanoseconds
        perform(.drain)
    }

    // MARK: Commands

    private func perform(_ command: Scenario.Command) {
        kernel.note("\(command)")
        switch command {
        case .revoke(let source):
            listed.remove(source)
            admit { [self] in
                guard !listed.contains(source) else { return }
                ledger.revoke(source)
                checkRevoked(source)
            }
        case .grant(let source):
            ledger.grant(source)
            listed.insert(source)
            admit {}
        case .reload: reload(group: groups[groups.count - 1])
        case .renewUpstreams:
            guard let group = try? Self.makeGroup(scenario.settings, files) else { return }
            groups.append(group)
            reload(group: group)
        case .drain: tell { await $0.drain(milliseconds: 5_000, idleMilliseconds: 500) }
        case .stop: tell { await $0.stop() }
        }
    }

    private var allowed: [Settings.AllowEntry] {
        Scenario.sources.filter(listed.contains).map { Settings.AllowEntry(prefix: AddressPrefix($0)) }
    }

    private func admit(then: @escaping () -> Void) {
        let next = Snapshot(snapshot, admitting: allowed, filters: [:])
        snapshot = next
        tell({ _ = await $0.adopt(next, opening: [], closing: []) }, then: then)
    }

    private func reload(group: UpstreamGroup) {
        var settings = scenario.settings
        settings.allow = allowed
        settings.limits.requestsPerConnectionMax += 1
        guard
            let next = try? Snapshot(
                settings, after: snapshot, sources: sources, rates: rates.0, handshakes: rates.1, answers: answers, upstream: group,
                ticketKeys: files.ticketKeys, libraries: [files.library])
        else { return kernel.fail("a reload fails") }
        snapshot = next
        tell { _ = await $0.adopt(next, opening: [], closing: []) }
    }

    private struct Unchecked<Value>: @unchecked Sendable { let value: Value }

    private func tell(_ body: @escaping @Sendable (Worker) async -> Void, then: @escaping () -> Void = {}) {
        guard let worker else { return }
        kernel.isRung = true
        let then = Unchecked(value: then)
        Task(executorPreference: worker.loop) {
            await body(worker)
            then.value()
        }
    }

    // MARK: The log

    private func readLog() {
        var denied = 0
        for entry in SimulatedLog.read(ring) {
            kernel.note("log: \(entry)")
            switch entry {
            case .denied(Scenario.stranger, _): denied += 1
            case .exchange(let path, let outcome, _): ledger.record(path: path, outcome: outcome)
            default: break
            }
        }
        let met = strangers.count { $0.wasAccepted }
        if denied != met { kernel.fail("\(met) strangers were turned away, and the log has \(denied)") }
        if ring.collectDropped() > 0 { kernel.fail("the log has lost lines") }
    }
}
