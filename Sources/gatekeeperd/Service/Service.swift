internal import Gatekeeper

/// The running service as its admin sees it: what it serves by, and everything that may change that. Belongs to the control thread.
///
/// A change is whole or doesn't happen: the new configuration is read, judged and loaded before the server hears of it, and whatever goes
/// wrong on the way leaves the old one serving.
final class Service {
    let server: Server
    let source: ConfigurationSource
    let startedAt = WallTime.now()
    let began = MonotonicClock.now()
    private let notification: ServiceNotification
    private var log: LogFile
    /// What is in force.
    private(set) var current: ConfigurationSource.Reading
    private(set) var loadedAt = WallTime.now()
    /// Counts up with every configuration that comes into force, from 1.
    private(set) var generation: UInt64 = 1
    private(set) var certificates: [ServedCertificate]
    /// When to warn of the end of one.
    private var nextWarning: WallTime?
    /// When an entry of the allow-list ends next.
    private var nextEnd: WallTime?
    /// What is in force on trial, and what comes back otherwise.
    private(set) var pending: (pending: PendingConfiguration, before: ConfigurationSource.Reading)?
    /// Nil without a state folder.
    let ledger: ServiceLedger?
    /// Nil where nobody asked for a status page.
    var statusListener: StatusListener?
    let problemBook = ProblemBook()
    /// What was last asked for is in force.
    var isLastReloadFine: Bool { problemBook.failures.reload == nil && problemBook.failures.files == nil }
    /// A successor has read the configuration and the ledger, and wouldn't hear of what changes here until it serves.
    var isHandingOver = false
    /// The end was asked for, and connections are taken a while longer.
    private(set) var isLeaving = false
    /// When each entry of the allow-list came onto it, and was last seen.
    var history = SourceHistory()
    /// Drains beside us for a while, and knows of this generation.
    private let predecessor: Predecessor?
    private var generationTold: UInt64 = 1

    /// Starts serving by `reading`, or by what a former process had on trial; with the grants that it left.
    static func start(
        _ reading: ConfigurationSource.Reading, from source: ConfigurationSource, log: consuming LogFile, inherited: InheritedSockets,
        notification: ServiceNotification
    ) throws(ServerError) -> Service {
        let now = WallTime.now()
        let ledger = reading.configuration.statePath.map { ServiceLedger(folder: $0, at: now) }
        for trouble in ledger?.troubles ?? [] { Console.complain(trouble.text) }
        let expired = ledger?.expire(at: now) ?? []
        let (current, pending) = resumed(reading, from: source, ledger: ledger, at: now)
        // Before the server: what can't be served for want of a port serves nobody.
        let page = try openStatusPage(current.configuration.status, isTakingOver: inherited.predecessor != nil)
        let server = try Server(
            settings: settings(of: current, ledger, at: now), journalDescriptor: log.number, syslogPath: log.destination.syslogPath,
            inherited: inherited.listeners)
        let service = Service(
            current, from: source, server: server, ledger: ledger, log: log, predecessor: inherited.predecessor,
            notification: notification)
        service.history = ledger?.sourceHistory() ?? SourceHistory()
        service.history.follow(service.current.configuration.settings.allow, at: now)
        for certificate in service.certificates { service.warn(of: certificate, at: now) }
        if let pending { service.pending = (pending, reading) }
        for grant in expired { service.report(grant, "expired") }
        for doubt in [service.shieldDoubt].compactMap(\.self) + service.absenceWarnings { Console.complain(doubt) }
        service.serveStatusPage(current.configuration.status, on: page)
        return service
    }

    /// A trial goes on over a restart; one whose time was up meanwhile is over.
    private static func resumed(
        _ reading: ConfigurationSource.Reading, from source: ConfigurationSource, ledger: ServiceLedger?, at now: WallTime
    ) -> (ConfigurationSource.Reading, PendingConfiguration?) {
        guard let pending = ledger?.rememberedPending() else { return (reading, nil) }
        if pending.endsAt > now {
            do {
                return (try source.read(text: pending.text, named: pending.file), pending)
            } catch {
                for line in error.lines { Console.report(line) }
            }
        }
        Console.complain("\(pending.file) was not confirmed; the configuration before it is in force")
        ledger?.forgetPending()
        return (reading, nil)
    }

    private init(
        _ current: ConfigurationSource.Reading, from source: ConfigurationSource, server: Server, ledger: ServiceLedger?,
        log: consuming LogFile, predecessor: Predecessor?, notification: ServiceNotification
    ) {
        self.current = current
        self.predecessor = predecessor
        self.source = source
        self.server = server
        self.ledger = ledger
        self.log = log
        self.notification = notification
        nextEnd = Self.nextEnd(of: current, after: startedAt)
        certificates = ServedCertificate.all(of: current.configuration.settings, at: startedAt)
        nextWarning = certificates.compactMap { $0.nextWarning(after: startedAt) }.min()
        problemBook.authorities = AuthoritiesInForce(of: current.configuration.settings)
    }

    private static func nextEnd(of reading: ConfigurationSource.Reading, after now: WallTime) -> WallTime? {
        reading.configuration.settings.nextEnd(afterUnixSeconds: now.milliseconds / 1000).map { WallTime(milliseconds: $0 * 1000) }
    }

    /// For the manager that started us.
    var statusLine: String { "serving on \(server.addresses.map(\.description).joined(separator: ", "))" }

    private static let leaving = "the service is about to stop"
    private static let handingOver = "a new binary is just taking over; ask again in a moment"

    /// Throws while whatever is changed would be lost.
    func checkMayChange() throws(ControlFailure) {
        if isHandingOver { throw ControlFailure(.busy, Self.handingOver) }
    }

    /// The end is near. Returns for how long connections are still taken, in milliseconds.
    func leave() -> Int {
        let milliseconds = current.configuration.settings.timeouts.leaveMilliseconds
        guard milliseconds > 0 else { return 0 }
        isLeaving = true
        server.event("leaving", [JournalField("for_ms", milliseconds)])
        return milliseconds
    }

    // MARK: Another configuration

    /// Reads the configuration again; what was on trial is over.
    ///
    /// - Parameter requester: who wants it, for the log: a signal, a user.
    func reload(askedBy requester: String, at now: WallTime) -> ReloadReport {
        if isHandingOver { return keep([Self.handingOver], askedBy: requester, as: nil) }
        // The manager would take READY for news of a service that it is ending.
        if isLeaving { return keep([Self.leaving], askedBy: requester, as: nil) }
        notification.reloading()
        defer { notification.ready(status: statusLine) }
        do {
            let report = bringInForce(try source.read(), askedBy: requester, at: now, failingAs: \.reload)
            if case .applied = report { endPending() }
            return report
        } catch {
            return keep(error.lines, askedBy: requester, as: \.reload)
        }
    }

    /// Files that the configuration names were replaced: the same configuration, with what they hold now. What the configuration file itself
    /// says by now waits for a reload. Those that can't be read are `unread` until they can.
    func reloadFiles(_ paths: [String], at now: WallTime) -> ReloadReport {
        let requester = "change of \(paths.map(ConcealedValues.hide).joined(separator: ", "))"
        problemBook.failures.unread.formUnion(paths)
        do {
            var next = try source.read(text: current.text, named: current.file)
            let emptied = next.configuration.keepLists(of: current.configuration)
            // Those wait for a word, and not for another look.
            problemBook.failures.unread.subtract(emptied)
            let lines = next.configuration.lines(ofEmptied: emptied)
            // What else has changed doesn't wait for it.
            guard emptied.isEmpty || !Set(paths).isSubset(of: emptied) else { return keep(lines, askedBy: requester, as: \.files) }
            let replaced = paths.filter { !emptied.contains($0) }.map(ConcealedValues.hide)
            let report = bringInForce(next, askedBy: requester, at: now, replaced: replaced, failingAs: \.files)
            // What was asked for in vain may be in force now.
            if case .applied = report { judgeConfigurationFile(at: now) }
            guard !emptied.isEmpty, case .applied = report else { return report }
            return keep(lines, askedBy: requester, as: \.files)
        } catch {
            return keep(error.lines, askedBy: requester, as: \.files)
        }
    }

    /// What is in force as the server is to have it: with the grants of this moment.
    static func settings(of reading: ConfigurationSource.Reading, _ ledger: ServiceLedger?, at now: WallTime) -> Settings {
        var settings = reading.configuration.settings
        settings.allow += ledger?.allowEntries(at: now) ?? []
        return settings
    }

    private func bringInForce(
        _ next: ConfigurationSource.Reading, askedBy requester: String, at now: WallTime, replaced paths: [String] = [],
        failingAs place: FailurePlace?
    ) -> ReloadReport {
        let old = current.configuration
        let page: StatusListener?
        do throws(ServerError) {
            page = try Self.openStatusPage(next.configuration.status, after: statusListener)
            try server.apply(Self.settings(of: next, ledger, at: now))
        } catch {
            return keep([error.advised], askedBy: requester, as: place)
        }
        serveStatusPage(next.configuration.status, on: page)
        var warnings = ConfigurationChange.deferred(from: old, to: next.configuration)
        do throws(SystemError) {
            try log.move(to: next.configuration.logDestination)
            server.directLog(toSyslog: log.destination.syslogPath)
            problemBook.failures.log = nil
        } catch {
            problemBook.failures.log = ServiceFailures.Failure(at: now, lines: ["\(error)"])
            warnings.append("log.to: lines go where they went before, \(error)")
        }
        take(next, at: now)
        loadedAt = now
        problemBook.failures.succeed(place)
        generation += 1
        let changes = ConfigurationChange.lines(from: old, to: next.configuration) + paths.map { "\($0): read again" }
        warnings += next.configuration.warnings.prefix(ConfigurationError.linesMax).map { "\($0)" }
        warnings += [shieldDoubt].compactMap(\.self) + absenceWarnings
        noteCertificates(at: now)
        server.event(
            "reloaded",
            [
                JournalField("generation", generation), JournalField("by", requester),
                JournalField("changes", changes.isEmpty ? "none" : changes.joined(separator: "; ")),
            ])
        return .applied(ReloadReport.Applied(generation: generation, changes: changes, warnings: warnings))
    }

    private func take(_ next: ConfigurationSource.Reading, at now: WallTime) {
        current = next
        history.follow(next.configuration.settings.allow, at: now)
        nextEnd = Self.nextEnd(of: next, after: now)
    }

    /// Admits whom the process that took over admits, by what it has read: an address that has left the allow-list ends here too. Nothing else
    /// of a configuration matters to connections that are about to end; one that we can't read may be for a newer binary.
    func followAllowList(at now: WallTime) {
        var next = try? source.read()
        if let pending = ledger?.rememberedPending(), pending.endsAt > now {
            next = try? source.read(text: pending.text, named: pending.file)
        }
        guard let next, next.configuration.fingerprint != current.configuration.fingerprint else { return }
        take(next, at: now)
        adoptGrants(at: now)
    }

    /// To be called once whatever has put another configuration in force is done, and the ledger says the same.
    func tellPredecessor() {
        guard generationTold != generation else { return }
        generationTold = generation
        predecessor?.tell()
    }

    typealias FailurePlace = WritableKeyPath<ServiceFailures, ServiceFailures.Failure?>

    /// - Parameter place: nil where whoever asked is told, and nothing is wrong with what serves.
    private func keep(_ lines: [String], askedBy requester: String, as place: FailurePlace?) -> ReloadReport {
        let failure = ServiceFailures.Failure(at: .now(), lines: lines)
        // Files are tried again at each look, which is no news while they fail in the same way.
        if place == \.files, problemBook.failures.files?.lines == failure.lines { return .kept(errors: []) }
        if let place { problemBook.failures.note(failure, as: place) }
        server.event("reload_failed", [JournalField("by", requester), JournalField("error", lines.joined(separator: "; "))])
        return .kept(errors: lines)
    }

    // MARK: On trial

    /// Puts the text of another file in the place of the configuration's, as if it stood there: relative paths are relative to the
    /// configuration's folder. On disk nothing changes until it is confirmed.
    func apply(file: String, confirmWithinSeconds seconds: Int?, by requester: Requester, at now: WallTime) throws(ControlFailure)
        -> ReloadReport
    {
        try checkMayChange()
        guard source.file != nil else {
            throw ControlFailure(.invalid, "this service was started with flags and has no configuration file that another could replace")
        }
        let next: ConfigurationSource.Reading
        do {
            let text = try FileContents.read(file, bytesMax: YAMLReader.fileBytesMax)
            do {
                next = try source.read(text: text, named: file)
            } catch {
                return keep(error.lines, askedBy: "\(requester)", as: nil)
            }
        } catch {
            throw ControlFailure(.invalid, "\(error)")
        }
        let before = pending?.before ?? current
        let report = bringInForce(next, askedBy: "\(requester)", at: now, failingAs: nil)
        guard case .applied(var applied) = report else { return report }
        judgeConfigurationFile(at: now)
        guard let seconds, let text = next.text else {
            endPending()
            if let own = source.file, own != file {
                applied.warnings.append("a reload or a restart takes what \(own) says: make it say the same")
            }
            return .applied(applied)
        }
        let pending = PendingConfiguration(
            file: file, text: text, endsAt: now.advanced(byMilliseconds: Int64(seconds) * 1000), askedBy: requester)
        self.pending = (pending, before)
        applied.confirmBefore = pending.endsAt
        if let problem = ledger == nil ? "there is no state folder" : ledger?.remember(pending) {
            applied.warnings.append("\(problem); a restart before the confirmation brings the old configuration back at once")
        }
        return .applied(applied)
    }

    func confirm(by requester: Requester, at now: WallTime) throws(ControlFailure) -> ConfirmReport {
        try checkMayChange()
        guard let (pending, _) = pending else { throw ControlFailure(.missing, "nothing waits to be confirmed") }
        endPending()
        current.file = source.file
        server.event("confirmed", [JournalField("generation", generation), JournalField("by", "\(requester)")])
        return ConfirmReport(
            generation: generation, file: pending.file, target: source.file, text: String(decoding: pending.text, as: UTF8.self))
    }

    private func endPending() {
        guard pending != nil else { return }
        pending = nil
        ledger?.forgetPending()
    }

    private func rollBack(at now: WallTime) {
        // A successor that is on its way has it from the ledger.
        guard !isHandingOver, let (pending, before) = pending, pending.endsAt <= now else { return }
        endPending()
        let reason = "\(pending.file) was not confirmed"
        // With the files that it names as they are now, if they can still be used.
        var next = (try? source.read(text: before.text)) ?? before
        // Nobody has asked for lists that turned empty meanwhile.
        let emptied = next.configuration.keepLists(of: current.configuration)
            .union(next.configuration.keepLists(of: before.configuration))
        guard case .kept = bringInForce(next, askedBy: reason, at: now, failingAs: nil) else {
            if !emptied.isEmpty { _ = keep(next.configuration.lines(ofEmptied: emptied), askedBy: reason, as: \.files) }
            return
        }
        // A file it names is gone since. What is on disk may be better than what nobody confirmed.
        _ = reload(askedBy: reason, at: now)
    }

    // MARK: Time

    /// When `pass` has something to do.
    var nextMoment: WallTime? {
        [isHandingOver ? nil : pending?.pending.endsAt, ledger?.nextExpiry, nextEnd, nextWarning].compactMap(\.self).min()
    }

    /// Ends what has had its time: grants, entries of the allow-list, a trial.
    func pass(at now: WallTime) {
        rollBack(at: now)
        endEntries(at: now)
        warnOfEnds(at: now)
    }

    /// Ends grants and entries of the allow-list whose time is up.
    ///
    /// - Parameter isFollowed: another process keeps the ledger by now, and tells of what changes there.
    func endEntries(at now: WallTime, isFollowed: Bool = false) {
        var hasEnded = false
        if isFollowed {
            hasEnded = ledger?.follow(at: now) ?? false
        } else if let ended = ledger?.expire(at: now), !ended.isEmpty {
            for grant in ended { report(grant, "expired") }
            hasEnded = true
        }
        if let end = nextEnd, end <= now {
            nextEnd = Self.nextEnd(of: current, after: now)
            hasEnded = true
        }
        if hasEnded { adoptGrants(at: now) }
    }

    // MARK: Certificates

    /// Says which certificates are in force that weren't before.
    private func noteCertificates(at now: WallTime) {
        let before = certificates
        certificates = ServedCertificate.all(of: current.configuration.settings, after: before, at: now)
        problemBook.authorities = AuthoritiesInForce(of: current.configuration.settings)
        for certificate in certificates where !before.contains(where: certificate.isSame) {
            server.event("certificate", certificate.fields(state: "changed"))
            warn(of: certificate, at: now)
        }
        nextWarning = certificates.compactMap { $0.nextWarning(after: now) }.min()
    }

    /// Warns of those whose end has come nearer by a mark.
    private func warnOfEnds(at now: WallTime) {
        guard let mark = nextWarning, mark <= now else { return }
        let before = mark.advanced(byMilliseconds: -1)
        for certificate in certificates where certificate.nextWarning(after: before).map({ $0 <= now }) ?? false {
            warn(of: certificate, at: now)
        }
        nextWarning = certificates.compactMap { $0.nextWarning(after: now) }.min()
    }

    private func warn(of certificate: ServedCertificate, at now: WallTime) {
        guard certificate.isNearEnd(at: now) else { return }
        server.event("certificate", certificate.fields(state: certificate.endsAt <= now ? "expired" : "expires"))
    }

    // MARK: The log

    func reopenLog() {
        do {
            try log.reopen()
            problemBook.failures.log = nil
        } catch {
            problemBook.failures.log = ServiceFailures.Failure(at: .now(), lines: ["\(error)"])
            Console.complain("cannot \(error); the old file stays")
        }
    }
}
