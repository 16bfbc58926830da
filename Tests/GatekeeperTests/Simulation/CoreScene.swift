import CTLS
import Testing

@testable import Gatekeeper

/// A worker of the real core on a kernel without faults, among peers whom a test moves: milliseconds of the machine's, minutes of the kernel's.
final class CoreScene {
    let kernel: SimulatedKernel
    private let tickets: SceneUpstreams
    private var clients: [ScenePeer] = []
    private let listening: SimulatedSocket
    private let files: SimulationFiles
    private var snapshot: Snapshot
    private var worker: Worker?
    private var port: UInt16 = 40_000

    static let client = Scenario.sources[0]
    static let balancer = Scenario.balancer
    static let stranger = Scenario.stranger

    /// Runs a worker among what `script` lets happen, for so long of its time at most.
    ///
    /// - Returns: what the log has.
    @discardableResult
    static func run(
        faults: Faults = Faults(), seconds: Int = 60, _ change: (inout Settings) -> Void = { _ in },
        _ script: @escaping (CoreScene) -> Void
    ) throws -> [SimulatedLog.Entry] {
        let files = try SimulationFiles.shared()
        let kernel = SimulatedKernel(faults: faults, random: SeededGenerator(seed: 1))
        SimulatedWorld.simulateTLS()
        defer { SimulatedWorld.endTLS() }
        return try Simulation.run(on: kernel) {
            let settings = makeSettings(files, change)
            let scene = try CoreScene(settings, on: kernel, files)
            kernel.after(milliseconds: 1) { script(scene) }
            kernel.after(milliseconds: seconds * 1_000) { scene.stop() }
            let log = try scene.serve()
            kernel.runOut()
            #expect(kernel.failures == [])
            return log
        }
    }

    private static func makeSettings(_ files: SimulationFiles, _ change: (inout Settings) -> Void) -> Settings {
        var settings = Settings(
            listeners: [Settings.Listener(address: Scenario.listener)], tls: files.settings,
            allow: Scenario.sources.map { Settings.AllowEntry(prefix: AddressPrefix($0)) },
            upstream: Settings.Upstream(endpoint: .address(Scenario.upstream), name: "http://tickets"))
        change(&settings)
        return settings
    }

    private init(_ settings: Settings, on kernel: SimulatedKernel, _ files: SimulationFiles) throws {
        self.kernel = kernel
        self.files = files
        let group = try UpstreamGroup(
            settings.upstream, connectMilliseconds: settings.timeouts.connectMilliseconds, libraries: [files.library])
        snapshot = try Snapshot(
            settings, after: nil, sources: SourceCounters(), rates: SourceRates(), handshakes: SourceRates(), upstream: group,
            ticketKeys: files.ticketKeys, libraries: [files.library])
        listening = kernel.listen()
        tickets = SceneUpstreams(kernel)
    }

    private func serve() throws -> [SimulatedLog.Entry] {
        let ring = JournalRing(capacity: 64 << 10)
        let listener = ListeningSocket(
            descriptor: listening.descriptor, wanted: Scenario.listener, address: Scenario.listener, index: 0)
        let worker = try Worker(
            index: 0, snapshot: snapshot, journal: JournalWriter(ring: ring, signal: files.signal, writesAccess: true),
            listeners: [listener], firstUses: FirstUseNotices(), gauge: FloodGauge())
        self.worker = worker
        kernel.giveUp = { [unowned worker] in worker.loop.finish() }
        worker.run()
        self.worker = nil
        return SimulatedLog.read(ring)
    }

    // MARK: What a test does

    func at(_ milliseconds: Int, _ action: @escaping () -> Void) { kernel.after(milliseconds: milliseconds, action) }

    /// Connections to the ticket system, in the order in which they were opened.
    var upstreams: [ScenePeer] { tickets.peers }

    /// What the ticket system does with a connection that is new.
    var welcome: (ScenePeer) -> Void {
        get { tickets.welcome }
        set { tickets.welcome = newValue }
    }

    var milliseconds: Int { Int(kernel.nanoseconds / 1_000_000) }

    /// Whether the ticket system answers, as the worker knows it.
    var health: UpstreamHealth { snapshot.upstream.targets[0].health }

    /// - Parameters:
    ///   - isSealed: it speaks TLS.
    ///   - challenge: the name that it asks to be shown the challenge of.
    func connect(from address: PeerAddress = client, isSealed: Bool = true, for challenge: String? = nil) -> ScenePeer {
        port += 1
        let peer = ScenePeer(
            client: kernel, from: SocketAddress(address: address, port: port), to: listening, tls: isSealed ? files.client : nil,
            challenge: challenge)
        clients.append(peer)
        return peer
    }

    /// Has the ticket system answer each request at once, and keep its connections.
    func answer(_ text: String) { tickets.answer(text) }

    /// Who comes while a challenge is pending.
    let visits = ChallengeVisits()

    /// Has a challenge pending for each of these names; none shuts the window.
    func present(_ names: [String], endsInMilliseconds: Int = 600_000) {
        do {
            let endsAt = System.now().advanced(byMilliseconds: endsInMilliseconds)
            let challenges = names.map { PendingChallenge(name: $0, proof: .handshake(digest: ChallengePeer.digest), endsAt: endsAt) }
            let window = names.isEmpty ? nil : try ChallengeWindow(challenges, visits: visits, libraries: [files.library])
            adopt(Snapshot(snapshot, filters: [:], window: window))
        } catch {
            Issue.record("\(error)")
        }
    }

    private func adopt(_ next: Snapshot) {
        snapshot = next
        tell { _ = await $0.adopt(next, opening: [], closing: []) }
    }

    func stop() { tell { await $0.stop() } }

    func drain(milliseconds: Int) { tell { await $0.drain(milliseconds: milliseconds, idleMilliseconds: 100) } }

    func admit(_ sources: [PeerAddress]) {
        let allow = sources.map { Settings.AllowEntry(prefix: AddressPrefix($0)) }
        adopt(Snapshot(snapshot, admitting: allow, filters: [:]))
    }

    private func tell(_ body: @escaping @Sendable (Worker) async -> Void) {
        guard let worker else { return }
        kernel.isRung = true
        Task(executorPreference: worker.loop) { await body(worker) }
    }
}

extension String {
    /// How often `part` is in it.
    func components(of part: String) -> Int { split(separator: part, omittingEmptySubsequences: false).count - 1 }
}
