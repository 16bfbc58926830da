internal import Gatekeeper
internal import Synchronization

/// The certificates that are ordered: has the client follow the configuration, and tells the log what comes of it. New certificates are files that
/// were replaced, and come into force as any others.
final class OrdersInForce: TimedPart {
    private let plane: any DataPlane
    private let challenges: ChallengesInForce
    private let phase: ServicePhase
    private let clock: ControlClock
    private let transport: any AcmeTransport
    /// The folder of `state:`.
    private let state: String?
    /// What the client's thread asks before it begins.
    private let gate = Gate()
    /// Made with the first order.
    private var client: AcmeClient?
    /// As the log knows them.
    private var told: [AcmeState] = []
    /// When it is looked again whether the addresses are here, which asks the kernel for each.
    private var looksAt: Instant
    private static let lookMilliseconds = 2_000

    private final class Gate: Sendable {
        let isOpen = Atomic(true)
    }

    init(
        _ acme: [AcmeSettings], state: String?, on plane: any DataPlane, challenges: ChallengesInForce, phase: ServicePhase,
        clock: ControlClock, transport: any AcmeTransport
    ) {
        self.plane = plane
        self.challenges = challenges
        self.phase = phase
        self.clock = clock
        self.transport = transport
        self.state = state
        looksAt = clock.now().instant
        gate.isOpen.store(mayOrder, ordering: .releasing)
        follow(acme)
    }

    var states: [AcmeState] { client?.states ?? [] }

    /// Of those that are ordered alone.
    func report(at now: WallTime) -> [OrderReport.Certificate] {
        OrderReport([], states, orderedPaths: [], at: now).certificates
    }

    func follow(_ acme: [AcmeSettings]) {
        guard client != nil || !acme.isEmpty, let state else { return }
        do throws(SystemError) {
            if client == nil { client = try makeClient(state) }
            try client?.follow(acme)
        } catch {
            plane.event("certificate", [JournalField("state", "order_failed"), JournalField("error", "cannot \(error)")])
        }
    }

    private func makeClient(_ state: String) throws(SystemError) -> AcmeClient {
        let gate = gate
        return try AcmeClient(
            state: state,
            AcmeRenewer.Surroundings(
                transport: transport, board: challenges, clock: clock, mayOrder: { gate.isOpen.load(ordering: .acquiring) }))
    }

    /// Those of these names, or (nil) all.
    func renew(_ names: [String]?, isUndue: Bool) { client?.renew(names, isUndue: isUndue) }

    func tryOut(_ names: [String], directory: String) { client?.tryOut(names, directory: directory) }

    /// Somebody else orders from now on.
    func stop() { client?.stop() }

    // MARK: Time

    /// Readable when something has changed.
    var number: Int32? { client?.number }

    var next: DueTime? { client == nil ? nil : .instant(looksAt) }

    func ring() { client?.silence() }

    private var mayOrder: Bool { !phase.isHandingOver && !phase.isLeaving && plane.absentListeners.isEmpty }

    /// Tells what has changed. Of doors that share an address the one that has it orders, and none that is about to go.
    func pass(at now: Moment) {
        guard let client else { return }
        if looksAt <= now.instant {
            let isOpen = mayOrder
            if gate.isOpen.exchange(isOpen, ordering: .acquiringAndReleasing) != isOpen { client.wake() }
            looksAt = now.instant.advanced(byMilliseconds: Self.lookMilliseconds)
        }
        let states = client.states
        guard states != told else { return }
        for state in states { tell(state, before: told.first { $0.names == state.names }) }
        told = states
    }

    private func tell(_ state: AcmeState, before: AcmeState?) {
        if state.step == .ordering, before?.step != .ordering {
            event("ordering", state, state.due.map { [JournalField("why", $0.why.rawValue)] } ?? [])
        }
        if state.issuedCount > before?.issuedCount ?? 0 {
            event("issued", state, [JournalField("until", state.lifetime?.end.text ?? "")])
        }
        if let failure = state.failure, failure != before?.failure {
            let pause = state.pausedUntil.map { [JournalField("next", $0.text)] } ?? []
            event("order_failed", state, [JournalField("reason", failure.reason.rawValue), JournalField("error", failure.text)] + pause)
        }
    }

    private func event(_ word: String, _ state: AcmeState, _ fields: [JournalField]) {
        plane.event(
            "certificate", [JournalField("state", word), JournalField("names", state.names.joined(separator: " "))] + fields)
    }
}

extension OrdersInForce: StateKeeper {
    /// Also of a configuration that is the first to order any: they would be ordered into this folder, and read from the other.
    func kept(before next: Configuration, at now: WallTime) -> String? {
        states.isEmpty && next.acme.isEmpty ? nil : "certificates that are ordered"
    }
}
