internal import Gatekeeper

/// What the control socket's clients ask for.
extension Service: ControlledService {
    func reload(by requester: Requester, at now: WallTime) -> ReloadReport {
        reload(askedBy: "\(requester)", at: now)
    }

    // MARK: Grants

    private func book() throws(ControlFailure) -> GrantBook {
        guard let ledger else {
            throw ControlFailure(
                .unavailable, "grants are kept in the state folder, and this service has none (state: in the configuration)")
        }
        return try ledger.book()
    }

    func grant(_ request: GrantRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> GrantOutcome {
        try checkMayChange()
        let book = try book()
        let outcome: GrantOutcome
        do throws(LedgerError) {
            outcome = try book.grant(request, by: requester, at: now)
        } catch {
            throw ControlFailure(error)
        }
        switch outcome.change {
        case .made: report(outcome.grant, "made", by: requester)
        case .extended: report(outcome.grant, "extended", by: requester)
        case .none: return outcome
        }
        adoptGrants(at: now)
        return outcome
    }

    func grants(all: Bool, at now: WallTime) throws(ControlFailure) -> [Grant] {
        let book = try book()
        guard all else { return book.active(at: now) }
        do throws(LedgerError) {
            return try book.history()
        } catch {
            throw ControlFailure(error)
        }
    }

    func revoke(_ address: AddressPrefix, by requester: Requester, at now: WallTime) throws(ControlFailure) -> RevokeReport {
        try checkMayChange()
        let book = try book()
        guard let grant = book.revoke(address, by: requester, at: now) else {
            throw ControlFailure(.missing, "\(address) has no grant; gatekeeperd grants lists those that are there")
        }
        adoptGrants(at: now)
        report(grant, "revoked", by: requester)
        return RevokeReport(grant: grant, failure: book.failure?.message)
    }

    // MARK: Denials

    func denials(_ query: DenialQuery, at now: WallTime) throws(ControlFailure) -> DenialReport {
        guard let ledger else {
            throw ControlFailure(
                .unavailable, "denials are kept in the state folder, and this service has none (state: in the configuration)")
        }
        recordDenials(at: now)
        return try ledger.report(query, listing: listing(at: now), at: now)
    }

    func listing(at now: WallTime) -> DenialReport.Listing {
        { [server] in server.allowEntry(for: $0, nowUnixSeconds: now.milliseconds / 1000) }
    }

    // MARK: Status

    func status(at now: WallTime) -> StatusReport {
        recordDenials(at: now)
        judgeProblems(at: now)
        return report(server.status(), at: now)
    }

    func report(_ status: ServerStatus, at now: WallTime) -> StatusReport {
        var report = StatusReport()
        report.processIdentifier = Program.ownProcess
        report.startedAt = startedAt
        report.uptimeMilliseconds = Int64(clamping: MonotonicClock.now().nanoseconds(since: began) / 1_000_000)
        report.configuration = StatusReport.ConfigurationState(
            generation: generation, hash: current.configuration.fingerprint, file: current.file, loadedAt: loadedAt)
        report.listeners = status.listeners.map(\.description)
        report.absentListeners = status.absentListeners.map(\.address.description)
        report.statusPage = statusListener?.address.description
        report.isLeaving = isLeaving
        report.openConnections = status.openConnections
        report.deniedCount = status.denied
        report.admittedCount = status.admitted
        report.requestCount = status.requests
        report.shield = StatusReport.Shield(status.shield)
        report.sources = status.sources.map(source).sorted { a, b in
            (a.lastSeenAt?.milliseconds ?? 0) > (b.lastSeenAt?.milliseconds ?? 0)
        }
        report.certificates = certificates.map {
            StatusReport.Certificate(
                file: $0.file, names: $0.names, startsAt: $0.lifetime.start, expiresAt: $0.endsAt, fingerprint: $0.fingerprint)
        }
        report.upstreams = status.upstreams.map {
            StatusReport.Upstream(
                url: $0.name, isUp: $0.isUp, since: $0.downSinceMilliseconds.map { WallTime(milliseconds: $0) },
                openConnections: $0.openConnections, failure: $0.reason)
        }
        report.grants = ledger?.active(at: now) ?? []
        report.pendingConfirmation = pending.map { pending, _ in
            StatusReport.PendingConfirmation(file: pending.file, askedBy: pending.askedBy, deadline: pending.endsAt)
        }
        report.problems = problemBook.problems
        return report
    }

    private func source(_ entry: Settings.AllowEntry, _ usage: SourceUsage?) -> StatusReport.Source {
        let isGrant = entry.origin == "grant"
        let past = isGrant ? nil : history[entry.prefix]
        return StatusReport.Source(
            address: entry.prefix.description, label: entry.label, origin: entry.origin, listedAt: past?.listedAt,
            lastSeenAt: usage.map { WallTime(milliseconds: $0.lastSeenMilliseconds) } ?? past?.seenAt,
            openConnections: usage?.openConnections, admittedCount: usage?.admitted, requestCount: usage?.requests,
            // Of a grant its own line tells.
            until: isGrant ? nil : entry.endsAtUnixSeconds.map { WallTime(milliseconds: $0 * 1000) })
    }
}
