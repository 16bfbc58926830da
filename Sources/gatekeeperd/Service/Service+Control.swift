internal import Gatekeeper

/// What the control socket's clients ask for.
extension Service: ControlledService {
    func reload(by requester: Requester, at now: WallTime) -> ReloadReport {
        reload(askedBy: "\(requester)", at: now)
    }

    func apply(
        file: String, confirmWithinSeconds seconds: Int?, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> ReloadReport {
        try confirmation.apply(file: file, confirmWithinSeconds: seconds, by: requester, at: now)
    }

    func confirm(by requester: Requester, at now: WallTime) throws(ControlFailure) -> ConfirmReport {
        try confirmation.confirm(by: requester, at: now)
    }

    func grant(_ request: GrantRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> GrantOutcome {
        let lockdown = parts.lockdown.current
        if request.isDuringLockdown, lockdown == nil {
            throw ControlFailure(.missing, "there is no lockdown; leave --during-lockdown out")
        }
        if request.isDuringLockdown, let obstacle = lockdown?.obstacle {
            throw ControlFailure(.unavailable, "\(obstacle); end that lockdown or begin it anew before anybody is let in")
        }
        var outcome = try parts.grants.grant(request, by: requester, at: now)
        outcome.isShutOut = parts.lockdown.current?.effect(on: outcome.grant) == .passedOver
        return outcome
    }

    func grants(all: Bool, at now: WallTime) throws(ControlFailure) -> [Grant] {
        try parts.grants.grants(all: all, at: now)
    }

    func revoke(_ address: AddressPrefix, by requester: Requester, at now: WallTime) throws(ControlFailure) -> RevokeReport {
        try parts.grants.revoke(address, by: requester, at: now)
    }

    func denials(_ query: DenialQuery, at now: WallTime) throws(ControlFailure) -> DenialReport {
        try parts.denials.report(query, silences: parts.silences.silences, at: now)
    }

    func learned(_ query: LearnedQuery, at now: WallTime) throws(ControlFailure) -> LearnedReport {
        let configured = configuration.current.configuration
        let labels = configured.settings.allow.compactMap(\.label) + configured.lists.map(\.value.label)
        return try parts.requests.report(query, labels: Set(labels).sorted(), at: now)
    }

    func digest(_ query: DigestQuery, at now: WallTime) throws(ControlFailure) -> DigestReport {
        let moment = Moment(instant: parts.clock.now().instant, wallTime: now)
        problems.judge(at: moment)
        return try DigestMaker(configuration: configuration, parts: parts).report(query, at: moment)
    }

    func testNotifiers(at now: WallTime) -> [NotifierState] {
        parts.notifiers.test(at: parts.clock.now())
        return parts.notifiers.states
    }

    func notifiers() -> [NotifierState] { parts.notifiers.states }

    // MARK: Certificates

    func certificates(at now: WallTime) -> OrderReport {
        OrderReport(
            parts.certificates.certificates, parts.orders.states, orderedPaths: configuration.current.configuration.orderedPaths, at: now)
    }

    func renewCertificates(
        _ name: String?, isUndue: Bool, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> OrderReport {
        try parts.phase.checkMayChange()
        for ordered in try orders(of: name) {
            parts.plane.event(
                "certificate",
                [
                    JournalField("state", "asked"), JournalField("names", ordered.names.joined(separator: " ")),
                    JournalField("by", "\(requester)"),
                ])
            parts.orders.renew(ordered.names, isUndue: isUndue)
        }
        return certificates(at: now)
    }

    func tryOrders(_ name: String?, at now: WallTime) throws(ControlFailure) -> OrderReport {
        try parts.phase.checkMayChange()
        for ordered in try orders(of: name) {
            do throws(ValueMistake) {
                parts.orders.tryOut(ordered.names, directory: try AcmeDirectory.staging(of: ordered.directory))
            } catch {
                throw ControlFailure(.missing, error.message)
            }
        }
        return certificates(at: now)
    }

    private func orders(of name: String?) throws(ControlFailure) -> [AcmeSettings] {
        let all = configuration.current.configuration.acme.map(\.value)
        guard !all.isEmpty else {
            throw ControlFailure(.missing, "no certificate is ordered by the service: tls.acme in the configuration has it do that")
        }
        guard let name else { return all }
        let named = all.filter { $0.names.contains(name.lowercased()) }
        guard !named.isEmpty else {
            let names = all.map { $0.names[0] }.joined(separator: ", ")
            throw ControlFailure(.missing, "\(Quantity.quoted(name)) is in none of the certificates that are ordered (\(names))")
        }
        return named
    }

    // MARK: Challenges

    func openChallenge(_ request: ChallengeRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> OpenedChallenge {
        try checkMayOpenWindows(requester)
        try parts.phase.checkMayChange()
        let names = parts.certificates.certificates.flatMap(\.names) + configuration.current.configuration.acme.flatMap(\.value.names)
        let isServed = names.contains { CertificateName.covers($0, request.name) }
        guard isServed else {
            let served = Set(names).sorted().prefix(10).joined(separator: ", ")
            throw ControlFailure(
                .missing, "\(request.name) is none of the names that are served (\(served.isEmpty ? "there are none" : served))")
        }
        return try parts.challenges.open(request, by: requester, at: Moment(instant: parts.clock.now().instant, wallTime: now))
    }

    func closeChallenge(_ name: String, by requester: Requester) throws(ControlFailure) -> OpenedChallenge {
        try checkMayOpenWindows(requester)
        return try parts.challenges.close(name, by: requester)
    }

    /// Whoever opens a window can have a certificate for the name, which is more than to command the service.
    private func checkMayOpenWindows(_ requester: Requester) throws(ControlFailure) {
        guard requester.user == 0 || requester.user == UserName.ownUser else {
            throw ControlFailure(.forbidden, "only root and the service's user may open and close windows: use sudo")
        }
    }

    // MARK: Status

    func status(at now: WallTime) -> StatusReport {
        parts.denials.record(at: now)
        problems.judge(at: parts.clock.now())
        return report(parts.plane.status(), at: now)
    }

    func report(_ status: ServerStatus, at now: WallTime) -> StatusReport {
        var report = StatusReport()
        report.processIdentifier = Program.ownProcess
        report.startedAt = began.wallTime
        report.uptimeMilliseconds = Int64(clamping: parts.clock.now().instant.nanoseconds(since: began.instant) / 1_000_000)
        report.configuration = StatusReport.ConfigurationState(
            generation: configuration.generation, hash: configuration.current.configuration.fingerprint,
            file: configuration.current.file, loadedAt: configuration.loadedAt)
        report.listeners = status.listeners.map(\.description)
        report.absentListeners = status.absentListeners.map(\.address.description)
        report.statusPage = parts.statusPage.address?.description
        report.isLeaving = parts.phase.isLeaving
        report.openConnections = status.openConnections
        report.deniedCount = status.denied
        report.admittedCount = status.admitted
        report.requestCount = status.requests
        report.shadowRefusedCount = status.verdicts.shadowRefused
        report.routesMode = configuration.current.configuration.settings.routes.map { $0.isShadow ? "shadow" : "enforce" }
        report.isLearning = configuration.current.configuration.settings.log.learns
        report.shield = StatusReport.Shield(status.shield)
        report.limits = StatusReport.Limits(
            connections: status.connectionsMax, connectionsPerSource: status.connectionsPerSourceMax)
        report.tlsFailures = status.verdicts.tlsFailuresByReason.map { StatusReport.TLSFailures(reason: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        let instant = parts.clock.now().instant
        if status.isWhole { parts.history.note(status.verdicts, at: instant) }
        report.day = parts.history.day(at: instant)
        report.recentDenials = parts.denials.knocking(at: now)
        report.answers = status.answers.map { StatusReport.Answers(name: $0.name, $0.tally) }.filter { $0.lastAt != nil }
            .sorted { ($1.lastAt?.milliseconds ?? 0, $0.name) < ($0.lastAt?.milliseconds ?? 0, $1.name) }
        report.sources = status.sources.map(source).sorted { a, b in
            (a.lastSeenAt?.milliseconds ?? 0) > (b.lastSeenAt?.milliseconds ?? 0)
        }
        report.certificates = parts.certificates.certificates.map {
            StatusReport.Certificate(
                file: $0.file, names: $0.names, startsAt: $0.lifetime.start, expiresAt: $0.endsAt, fingerprint: $0.fingerprint)
        }
        report.orders = parts.orders.report(at: now)
        report.upstreams = status.upstreams.map {
            StatusReport.Upstream(
                url: $0.name, isUp: $0.isUp, since: $0.downSinceMilliseconds.map { WallTime(milliseconds: $0) },
                openConnections: $0.openConnections, connectionsMax: $0.connectionsMax, failure: $0.reason,
                answers: StatusReport.Answers(name: $0.name, $0.answers))
        }
        report.grants = parts.grants.active(at: now)
        report.lockdown = parts.lockdown.current
        report.lists = parts.lists.reports
        report.pendingConfirmation = confirmation.pending.map {
            StatusReport.PendingConfirmation(file: $0.file, askedBy: $0.askedBy, deadline: $0.endsAt)
        }
        report.problems = parts.problems.problems
        return report
    }

    private func source(_ entry: Settings.AllowEntry, _ usage: SourceUsage?) -> StatusReport.Source {
        let isGrant = entry.origin == "grant"
        let past = isGrant ? nil : parts.sources.history[entry.prefix]
        let listedAt =
            ListReport.isOrigin(entry.origin) ? parts.lists.listedAt(entry.prefix, label: entry.label ?? "") : past?.listedAt
        return StatusReport.Source(
            address: entry.prefix.description, label: entry.label, origin: entry.origin, listedAt: listedAt,
            lastSeenAt: usage.map { WallTime(milliseconds: $0.lastSeenMilliseconds) } ?? past?.seenAt,
            openConnections: usage?.openConnections, admittedCount: usage?.admitted, requestCount: usage?.requests,
            // Of a grant its own line tells.
            isShutOut: entry.lockdown != .none, until: isGrant ? nil : entry.endsAtUnixSeconds.map { WallTime(milliseconds: $0 * 1000) })
    }
}
