internal import Gatekeeper

/// The configuration that is served by, and how another takes its place.
///
/// A change is whole or doesn't happen: the new configuration is read, judged and loaded before the server hears of it, and whatever goes
/// wrong on the way leaves the old one serving.
final class ConfigurationInForce {
    let source: ConfigurationSource
    private(set) var current: ConfigurationSource.Reading
    private(set) var loadedAt: WallTime
    /// Counts up with every configuration that comes into force, from 1.
    private(set) var generation: UInt64 = 1
    private let parts: ServiceParts
    private var log: LogFile

    /// Where a failure is remembered until what failed succeeds.
    typealias FailureKind = WritableKeyPath<ServiceFailures, ServiceFailures.Failure?>

    /// `current` is served by already.
    init(
        _ current: ConfigurationSource.Reading, from source: ConfigurationSource, log: consuming LogFile, parts: ServiceParts,
        at now: WallTime
    ) {
        self.current = current
        self.source = source
        self.log = log
        self.parts = parts
        loadedAt = now
    }

    private var problems: ProblemBook { parts.problems }

    /// What was last asked for is in force.
    var isLastReloadFine: Bool { problems.failures.reload == nil && problems.failures.files == nil }

    // MARK: Reading again

    /// Reads everything again.
    ///
    /// - Parameter requester: who wants it, for the log: a signal, a user.
    func reload(askedBy requester: String, at now: WallTime) -> ReloadReport {
        if let obstacle = parts.phase.obstacleToReload { return keep([obstacle], askedBy: requester, as: nil, at: now) }
        parts.notification.reloading()
        defer { parts.notification.ready(status: parts.statusLine) }
        do {
            return bringInForce(try source.read(), askedBy: requester, at: now, failingAs: \.reload)
        } catch {
            return keep(error.lines, askedBy: requester, as: \.reload, at: now)
        }
    }

    /// Files that the configuration names were replaced: the same configuration, with what they hold now. What the configuration file itself
    /// says by now waits for a reload. Those that can't be read are `unread` until they can.
    func reloadFiles(_ paths: [String], at now: WallTime) -> ReloadReport {
        let requester = "change of \(paths.map(ConcealedValues.hide).joined(separator: ", "))"
        problems.failures.unread.formUnion(paths)
        do {
            var next = try source.read(text: current.text, named: current.file)
            let emptied = next.configuration.keepLists(of: current.configuration)
            // Those wait for a word, and not for another look.
            problems.failures.unread.subtract(emptied)
            let lines = next.configuration.lines(ofEmptied: emptied)
            // What else has changed doesn't wait for it.
            guard emptied.isEmpty || !Set(paths).isSubset(of: emptied) else {
                return keep(lines, askedBy: requester, as: \.files, at: now)
            }
            let replaced = paths.filter { !emptied.contains($0) }.map(ConcealedValues.hide)
            let report = bringInForce(next, askedBy: requester, at: now, replaced: replaced, failingAs: \.files)
            // What was asked for in vain may be in force now.
            if case .applied = report { judgeFile(at: now) }
            guard !emptied.isEmpty, case .applied = report else { return report }
            return keep(lines, askedBy: requester, as: \.files, at: now)
        } catch {
            return keep(error.lines, askedBy: requester, as: \.files, at: now)
        }
    }

    /// What was another file's is the configuration's own from now on.
    func takeAsOwn() { current.file = source.file }

    /// Admits whom the process that took over admits, by what it has read: an address that has left the allow-list ends here too. Nothing else
    /// of a configuration matters to connections that are about to end; one that we can't read may be for a newer binary.
    func followAllowList(at now: WallTime) {
        var next = try? source.read()
        if let pending = parts.ledger?.rememberedPending(), pending.endsAt > now {
            next = try? source.read(text: pending.text, named: pending.file)
        }
        guard let next, next.configuration.fingerprint != current.configuration.fingerprint else { return }
        take(next, at: now)
        parts.grants.adopt(at: now)
    }

    // MARK: Into force

    /// Serves by another configuration; or says why not, and by the old one as before.
    ///
    /// - Parameter kind: nil where whoever asked is told, and nothing is wrong with what serves.
    func bringInForce(
        _ next: ConfigurationSource.Reading, askedBy requester: String, at now: WallTime, replaced paths: [String] = [],
        failingAs kind: FailureKind?
    ) -> ReloadReport {
        let old = current.configuration
        if let obstacle = parts.state.obstacle(to: next.configuration, at: now) {
            return keep([obstacle], askedBy: requester, as: kind, at: now)
        }
        var next = next
        next.configuration.settings.tls.keep(old.settings.tls, named: parts.certificates.certificates)
        let page: StatusListener?
        do throws(ServerError) {
            page = try parts.statusPage.open(next.configuration.status)
            try parts.plane.apply(parts.entries.settings(next.configuration, at: now))
        } catch {
            return keep([error.advised], askedBy: requester, as: kind, at: now)
        }
        parts.statusPage.serve(next.configuration.status, on: page)
        var warnings = ConfigurationChange.deferred(from: old, to: next.configuration)
        do throws(SystemError) {
            try log.move(to: next.configuration.logDestination)
            parts.plane.directLog(toSyslog: log.destination.syslogPath)
            problems.failures.log = nil
        } catch {
            problems.failures.log = ServiceFailures.Failure(at: now, lines: ["\(error)"])
            warnings.append("log.to: lines go where they went before, \(error)")
        }
        take(next, at: now)
        loadedAt = now
        problems.failures.succeed(kind)
        generation += 1
        let changes = ConfigurationChange.lines(from: old, to: next.configuration) + paths.map { "\($0): read again" }
        warnings += next.configuration.warnings.prefix(ConfigurationError.linesMax).map { "\($0)" } + doubts
        parts.certificates.follow(next.configuration.settings, at: now)
        parts.plane.event(
            "reloaded",
            [
                JournalField("generation", generation), JournalField("by", requester),
                JournalField("changes", changes.isEmpty ? "none" : changes.joined(separator: "; ")),
            ])
        if !changes.isEmpty {
            parts.ledger?.record(RecordedChange(at: now, requester: requester, text: changes.joined(separator: "; ")))
        }
        return .applied(ReloadReport.Applied(generation: generation, changes: changes, warnings: warnings))
    }

    private func take(_ next: ConfigurationSource.Reading, at now: WallTime) {
        current = next
        parts.sources.follow(next.configuration.settings.allow, at: now)
        parts.lists.follow(next.configuration.lists.map(\.value), at: parts.clock.now().instant)
        parts.requests.follow(next.configuration.settings, at: Moment(instant: parts.clock.now().instant, wallTime: now))
        parts.silences.follow(parts.entries.settings(next.configuration, at: now), at: now)
        parts.grants.follow(next.configuration.settings, at: now)
        parts.orders.follow(next.configuration.acme.map(\.value))
        parts.notifiers.follow(next.configuration.notifiers.map(\.value), at: parts.clock.now().instant)
    }

    /// The old one stays; says so in the log, and remembers it as a problem where `kind` says which.
    func keep(_ lines: [String], askedBy requester: String, as kind: FailureKind?, at now: WallTime) -> ReloadReport {
        let failure = ServiceFailures.Failure(at: now, lines: lines)
        // Files are tried again at each look, which is no news while they fail in the same way.
        if kind == \.files, problems.failures.files?.lines == failure.lines { return .kept(errors: []) }
        if let kind { problems.failures.note(failure, as: kind) }
        parts.plane.event("reload_failed", [JournalField("by", requester), JournalField("error", lines.joined(separator: "; "))])
        return .kept(errors: lines)
    }

    /// Would the next start find what is in force? A reload that was refused for that reason has said so.
    private func judgeState(by next: Configuration, at now: WallTime) {
        let isTold = problems.failures.reload?.lines.first.map(StateInForce.isObstacle) ?? false
        let loss = isTold ? nil : parts.state.loss(by: next, at: now)
        guard problems.failures.state?.lines != loss.map({ [$0] }) else { return }
        problems.failures.state = loss.map { ServiceFailures.Failure(at: now, lines: [$0]) }
    }

    // MARK: What is doubtful about it

    /// The configuration file has changed: would the next start take it? Nobody has asked for it yet, so nothing comes of it but a word.
    func judgeFile(at now: WallTime) {
        do throws(ConfigurationError) {
            let reading = try source.read()
            problems.failures.configuration = nil
            judgeState(by: reading.configuration, at: now)
            // What failed was taken back.
            if reading.configuration.fingerprint == current.configuration.fingerprint { problems.failures.reload = nil }
        } catch {
            problems.failures.state = nil
            // The same thing isn't told twice.
            guard problems.failures.reload == nil else { return }
            let failure = ServiceFailures.Failure(at: now, lines: error.lines)
            guard problems.failures.configuration?.lines != failure.lines else { return }
            problems.failures.configuration = failure
        }
    }

    /// A sentence each; what the file itself says wrong are its warnings.
    var doubts: [String] { [shieldDoubt].compactMap(\.self) + absenceWarnings }

    /// The configuration asks for a shield that there can't be. One that nobody has asked for is told of by `status` alone.
    var shieldDoubt: String? {
        guard current.configuration.origins.shield != nil, let obstacle = parts.plane.shieldObstacle else { return nil }
        return "the shield can't be raised: \(obstacle.advised)"
    }

    /// Of listeners that may be without their address, and are.
    private var absenceWarnings: [String] {
        guard current.configuration.settings.listeners.contains(where: \.isFree) else { return [] }
        return parts.plane.absentListeners.filter(\.isFree).map {
            "\($0.address): this machine has no such address now; it is served from the moment that it has (free_bind)"
        }
    }

    /// What is read again when it changes, and the configuration file, which is only judged.
    var lookedAtPaths: [String] {
        let paths = current.configuration.watchedPaths
        guard let file = source.file, !paths.contains(file) else { return paths }
        return paths + [file]
    }

    // MARK: The log

    func reopenLog(at now: WallTime) {
        do {
            try log.reopen()
            problems.failures.log = nil
        } catch {
            problems.failures.log = ServiceFailures.Failure(at: now, lines: ["\(error)"])
            Console.complain("cannot \(error); the old file stays")
        }
    }
}
