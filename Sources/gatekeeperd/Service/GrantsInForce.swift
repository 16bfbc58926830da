internal import Gatekeeper

/// Who is let in: the allow-list of the configuration in force, and the grants beside it. Ends what has had its time.
final class GrantsInForce: TimedPart {
    private let plane: any DataPlane
    /// Nil without a state folder.
    private let ledger: ServiceLedger?
    private let entries: AdmittedEntries
    private let phase: ServicePhase
    private var settings: Settings
    /// When an entry of the allow-list ends next.
    private var nextEnd: WallTime?

    init(_ settings: Settings, _ entries: AdmittedEntries, on plane: any DataPlane, phase: ServicePhase, at now: WallTime) {
        self.plane = plane
        self.entries = entries
        ledger = entries.ledger
        self.phase = phase
        self.settings = settings
        nextEnd = Self.nextEnd(of: settings, after: now)
    }

    /// Another list is in force, and the server has it.
    func follow(_ settings: Settings, at now: WallTime) {
        self.settings = settings
        nextEnd = Self.nextEnd(of: settings, after: now)
    }

    /// Whom the configuration names, and what was accepted of lists.
    var listed: [Settings.AllowEntry] { settings.allow + entries.lists.entries }

    /// Nobody could connect.
    func isEmpty(at now: WallTime) -> Bool { settings.allow.isEmpty && entries.lists.entries.isEmpty && active(at: now).isEmpty }

    func active(at now: WallTime) -> [Grant] { ledger?.active(at: now) ?? [] }

    /// The server learns of grants that came or went, and of a lockdown.
    func adopt(at now: WallTime) {
        plane.admit(entries.current(settings.allow, at: now))
    }

    // MARK: Time

    var next: DueTime? { [ledger?.nextExpiry, nextEnd].compactMap(\.self).min().map { .calendar($0) } }

    func pass(at now: Moment) { endEntries(at: now.wallTime) }

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
            nextEnd = Self.nextEnd(of: settings, after: now)
            hasEnded = true
        }
        if hasEnded { adopt(at: now) }
    }

    private static func nextEnd(of settings: Settings, after now: WallTime) -> WallTime? {
        settings.nextEnd(afterUnixSeconds: now.milliseconds / 1000).map { WallTime(milliseconds: $0 * 1000) }
    }

    // MARK: Use

    /// Sources that connected by a grant: the first time is worth a line, and the others aren't announced any more.
    func recordFirstUses(at now: WallTime) {
        let used = plane.takeFirstUses().flatMap { ledger?.recordUse(by: $0, at: now) ?? [] }
        guard !used.isEmpty else { return }
        for grant in used { report(grant, "first_used") }
        adopt(at: now)
    }

    func report(_ grant: Grant, _ state: String, by requester: Requester? = nil) {
        plane.event(
            "grant",
            [
                JournalField("state", state), JournalField("address", "\(grant.address)"), JournalField("reason", grant.reason),
                JournalField("until", grant.endsAt.text), JournalField("by", "\(requester ?? grant.madeBy)"),
            ] + (grant.label.map { [JournalField("label", $0)] } ?? []))
    }

    // MARK: What is asked for

    private func book() throws(ControlFailure) -> GrantBook {
        guard let ledger else {
            throw ControlFailure(
                .unavailable, "grants are kept in the state folder, and this service has none (state: in the configuration)")
        }
        return try ledger.book()
    }

    func grant(_ request: GrantRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> GrantOutcome {
        try phase.checkMayChange()
        if let label = request.label { try check(label) }
        let book = try book()
        let before = decider(of: request.address, at: now)
        var outcome: GrantOutcome
        do throws(LedgerError) {
            outcome = try book.grant(request, by: requester, at: now)
        } catch {
            throw ControlFailure(error)
        }
        switch outcome.change {
        case .made: report(outcome.grant, "made", by: requester)
        case .labelled: report(outcome.grant, "labelled", by: requester)
        case .extended: report(outcome.grant, "extended", by: requester)
        case .none: if !request.isDuringLockdown { return outcome }
        }
        if request.isDuringLockdown { entries.lockdown.admit(outcome.grant) }
        adopt(at: now)
        outcome.note = note(of: outcome.grant, before: before, after: decider(of: request.address, at: now))
        return outcome
    }

    /// The entry that says who somebody of this address is.
    private func decider(of prefix: AddressPrefix, at now: WallTime) -> Settings.AllowEntry? {
        plane.allowEntry(for: prefix.address, nowUnixSeconds: now.milliseconds / 1000)
    }

    /// Where routes are for some sources, a grant may give less than it seems to, or less than was there.
    private func note(of grant: Grant, before: Settings.AllowEntry?, after: Settings.AllowEntry?) -> String? {
        guard settings.routes?.routes.contains(where: { $0.from != nil }) ?? false else { return nil }
        if let label = grant.label, let after, after.origin != "grant", after.routesLabel != label {
            return "the entry \(after.prefix)\(after.label.map { " (\($0))" } ?? "") decides for it, and its routes stay"
        }
        if grant.label == nil, after?.origin == "grant", let label = before?.routesLabel {
            return "it was admitted as \(label), and has the routes that are for everybody alone while the grant stands; "
                + "--label \(Quantity.quoted(label)) gives it those of \(label)"
        }
        return nil
    }

    /// One that neither an entry nor a route has would give nothing.
    private func check(_ label: String) throws(ControlFailure) {
        let listed = settings.allow.compactMap(\.routesLabel) + entries.lists.reports.map(\.label)
        let labels = Set(listed + (settings.routes?.routes.flatMap { $0.from ?? [] } ?? []))
        guard !labels.contains(label) else { return }
        let hint = Suggestion.hint(for: label, among: labels) ?? ""
        throw ControlFailure(.invalid, "no entry of the allow-list has the label \(Quantity.quoted(label))\(hint)")
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
        try phase.checkMayChange()
        let book = try book()
        guard let grant = book.revoke(address, by: requester, at: now) else {
            throw ControlFailure(.missing, "\(address) has no grant; gatekeeperd grants lists those that are there")
        }
        adopt(at: now)
        report(grant, "revoked", by: requester)
        return RevokeReport(grant: grant, failure: book.failure?.message)
    }
}

extension GrantsInForce: StateKeeper {
    func kept(before next: Configuration, at now: WallTime) -> String? {
        let count = active(at: now).count
        return count == 0 ? nil : Quantity.counted(count, "grant")
    }
}
