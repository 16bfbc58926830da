internal import Gatekeeper

/// What the service is made of beside its configuration. Each part knows the server and the ledger, and none knows another but by its name here.
struct ServiceParts {
    let plane: any DataPlane
    /// Nil without a state folder.
    let ledger: ServiceLedger?
    let notification: ServiceNotification
    let clock: ControlClock
    let phase = ServicePhase()
    let problems = ProblemBook()
    let certificates: CertificatesInForce
    let lockdown: LockdownInForce
    let lists: ListsInForce
    let entries: AdmittedEntries
    let grants: GrantsInForce
    let denials: DenialRecorder
    let sources: SourceRecorder
    let requests: RequestRecorder
    let silences: SilenceWatch
    let traffic: TrafficRecorder
    let history: HistoryRecorder
    let statusPage: StatusPageInForce
    let notifiers: NotifiersInForce
    let challenges: ChallengesInForce
    let orders: OrdersInForce
    let state: StateInForce

    init(
        by configuration: Configuration, on plane: any DataPlane, ledger: ServiceLedger?, notification: ServiceNotification,
        clock: ControlClock, history: MemoryFile? = nil, lockdown: LockdownInForce? = nil,
        lists: ListsInForce? = nil, at now: Moment,
        deliver: @escaping NotifiersInForce.Deliver = NoticeCourier.deliver, acmeTransport: any AcmeTransport = AcmeHTTPS()
    ) {
        let settings = configuration.settings
        self.plane = plane
        self.ledger = ledger
        self.notification = notification
        self.clock = clock
        certificates = CertificatesInForce(
            ServedCertificate.all(of: settings, at: now.wallTime), authorities: AuthoritiesInForce(of: settings), on: plane,
            at: now.wallTime)
        let lockdown = lockdown ?? LockdownInForce(folder: configuration.statePath, at: now)
        self.lockdown = lockdown
        let lists = lists ?? ListsInForce(configuration.lists.map(\.value), folder: configuration.statePath, at: now.instant)
        self.lists = lists
        entries = AdmittedEntries(ledger: ledger, lockdown: lockdown, lists: lists)
        grants = GrantsInForce(settings, entries, on: plane, phase: phase, at: now.wallTime)
        denials = DenialRecorder(ledger: ledger, on: plane, problems: problems, clock: clock)
        sources = SourceRecorder(settings.allow, ledger: ledger, on: plane, at: now)
        requests = RequestRecorder(settings, ledger: ledger, on: plane, at: now)
        silences = SilenceWatch(entries.settings(configuration, at: now.wallTime), ledger: ledger, on: plane, at: now.wallTime)
        silences.isSuspended = lockdown.current != nil
        lockdown.serve(on: plane) { [grants, silences, unowned lockdown] in
            grants.adopt(at: $0.wallTime)
            silences.isSuspended = lockdown.current != nil
        }
        lists.serve(on: plane) { [grants, silences] in
            grants.adopt(at: $0)
            silences.follow(grants.listed, at: $0)
        }
        let recorder = HistoryRecorder(on: plane, inherited: history, at: now)
        self.history = recorder
        traffic = TrafficRecorder(
            on: plane, ledger: ledger, denials: denials, silences: silences, history: recorder, isSuccessor: history != nil, at: now)
        statusPage = StatusPageInForce(on: plane)
        notifiers = NotifiersInForce(configuration.notifiers.map(\.value), on: plane, ledger: ledger, deliver: deliver)
        challenges = ChallengesInForce(on: plane)
        orders = OrdersInForce(
            configuration.acme.map(\.value), state: configuration.statePath, on: plane, challenges: challenges, phase: phase, clock: clock,
            transport: acmeTransport)
        let keepers: [(any StateKeeper)?] = [ledger, grants, lists, orders, lockdown]
        state = StateInForce(folder: configuration.statePath, keepers: keepers.compactMap(\.self))
    }

    /// For the manager that started us.
    var statusLine: String { "serving on \(plane.addresses.map(\.description).joined(separator: ", "))" }
}
