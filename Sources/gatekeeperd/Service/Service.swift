internal import Gatekeeper

/// The running service as its admin sees it: the configuration in force, and the parts that have something to do at their time. Belongs to
/// the control thread.
///
/// ```
///   Service ─▶ Confirmation ─▶ ConfigurationInForce ─▶ grants · certificates · sources · denials · status page ─▶ DataPlane, ledger
///           └▶ ProblemWatch ──────────┘
/// ```
final class Service {
    let parts: ServiceParts
    let configuration: ConfigurationInForce
    let confirmation: Confirmation
    let problems: ProblemWatch
    let digests: DailyDigest
    let began: Moment

    /// Starts serving by `reading`, or by what waited to be confirmed in a former process; with the grants that it left.
    static func start(
        _ reading: ConfigurationSource.Reading, from source: ConfigurationSource, log: consuming LogFile, inherited: InheritedSockets,
        notification: ServiceNotification, clock: ControlClock
    ) throws(ServerError) -> Service {
        let now = clock.now()
        let ledger = reading.configuration.statePath.map { ServiceLedger(folder: $0, at: now.wallTime) }
        for trouble in ledger?.troubles ?? [] { Console.complain(trouble.text) }
        let expired = ledger?.expire(at: now.wallTime) ?? []
        let (current, pending) = Confirmation.resume(reading, from: source, ledger: ledger, at: now.wallTime)
        // Before the server: what can't be served for want of a port serves nobody.
        let page = try StatusPageInForce.open(current.configuration.status, isTakingOver: inherited.predecessor != nil)
        // Likewise: nobody gets in before it is known whether anybody may.
        let lockdown = LockdownInForce(folder: reading.configuration.statePath, at: now)
        let lists = ListsInForce(
            current.configuration.lists.map(\.value), folder: reading.configuration.statePath, at: now.instant)
        let entries = AdmittedEntries(ledger: ledger, lockdown: lockdown, lists: lists)
        let server = try Server(
            settings: entries.settings(current.configuration, at: now.wallTime),
            journalDescriptor: log.number, syslogPath: log.destination.syslogPath, inherited: inherited.listeners)
        let parts = ServiceParts(
            by: current.configuration, on: server, ledger: ledger, notification: notification, clock: clock, history: inherited.history,
            lockdown: lockdown, lists: lists, at: now)
        let service = Service(current, from: source, log: log, parts: parts, resumed: pending.map { ($0, reading) }, at: now)
        for grant in expired { parts.grants.report(grant, "expired") }
        for doubt in service.configuration.doubts { Console.complain(doubt) }
        parts.statusPage.serve(current.configuration.status, on: page)
        return service
    }

    /// By what is served already.
    init(
        _ current: ConfigurationSource.Reading, from source: ConfigurationSource, log: consuming LogFile, parts: ServiceParts,
        resumed: (pending: PendingConfiguration, before: ConfigurationSource.Reading)? = nil, at now: Moment
    ) {
        self.parts = parts
        began = now
        configuration = ConfigurationInForce(current, from: source, log: log, parts: parts, at: now.wallTime)
        confirmation = Confirmation(of: configuration, parts: parts, resumed: resumed)
        problems = ProblemWatch(of: configuration, parts: parts, at: now)
        digests = DailyDigest(of: configuration, parts: parts, at: now.wallTime)
    }

    /// Those that act before anybody is heard, in this order. What is wrong is judged when all has been done.
    var timedParts: [any TimedPart] {
        [
            confirmation, parts.lockdown, parts.lists, parts.grants, parts.certificates, parts.denials, parts.sources,
            parts.requests, parts.traffic, parts.history, parts.notifiers, parts.challenges, parts.orders, digests,
        ]
    }

    /// Reads the configuration again; what waited to be confirmed is over.
    ///
    /// - Parameter requester: who wants it, for the log: a signal, a user.
    func reload(askedBy requester: String, at now: WallTime) -> ReloadReport {
        let report = configuration.reload(askedBy: requester, at: now)
        if case .applied = report { confirmation.end() }
        return report
    }

    /// The end is near. Returns for how long connections are still taken, in milliseconds.
    func leave() -> Int {
        let milliseconds = configuration.current.configuration.settings.timeouts.leaveMilliseconds
        guard milliseconds > 0 else { return 0 }
        parts.phase.isLeaving = true
        parts.plane.event("leaving", [JournalField("for_ms", milliseconds)])
        return milliseconds
    }
}
