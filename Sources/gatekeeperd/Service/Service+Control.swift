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
        try parts.grants.grant(request, by: requester, at: now)
    }

    func grants(all: Bool, at now: WallTime) throws(ControlFailure) -> [Grant] {
        try parts.grants.grants(all: all, at: now)
    }

    func revoke(_ address: AddressPrefix, by requester: Requester, at now: WallTime) throws(ControlFailure) -> RevokeReport {
        try parts.grants.revoke(address, by: requester, at: now)
    }

    func denials(_ query: DenialQuery, at now: WallTime) throws(ControlFailure) -> DenialReport {
        try parts.denials.report(query, at: now)
    }

    func testNotifiers(at now: WallTime) -> [NotifierState] {
        parts.notifiers.test(at: parts.clock.now())
        return parts.notifiers.states
    }

    func notifiers() -> [NotifierState] { parts.notifiers.states }

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
        report.upstreams = status.upstreams.map {
            StatusReport.Upstream(
                url: $0.name, isUp: $0.isUp, since: $0.downSinceMilliseconds.map { WallTime(milliseconds: $0) },
                openConnections: $0.openConnections, connectionsMax: $0.connectionsMax, failure: $0.reason,
                answers: StatusReport.Answers(name: $0.name, $0.answers))
        }
        report.grants = parts.grants.active(at: now)
        report.pendingConfirmation = confirmation.pending.map {
            StatusReport.PendingConfirmation(file: $0.file, askedBy: $0.askedBy, deadline: $0.endsAt)
        }
        report.problems = parts.problems.problems
        return report
    }

    private func source(_ entry: Settings.AllowEntry, _ usage: SourceUsage?) -> StatusReport.Source {
        let isGrant = entry.origin == "grant"
        let past = isGrant ? nil : parts.sources.history[entry.prefix]
        return StatusReport.Source(
            address: entry.prefix.description, label: entry.label, origin: entry.origin, listedAt: past?.listedAt,
            lastSeenAt: usage.map { WallTime(milliseconds: $0.lastSeenMilliseconds) } ?? past?.seenAt,
            openConnections: usage?.openConnections, admittedCount: usage?.admitted, requestCount: usage?.requests,
            // Of a grant its own line tells.
            until: isGrant ? nil : entry.endsAtUnixSeconds.map { WallTime(milliseconds: $0 * 1000) })
    }
}
