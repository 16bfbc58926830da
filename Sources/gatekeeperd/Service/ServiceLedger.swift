internal import Gatekeeper

/// The ledger as the service uses it. One that can't be opened costs the grants and nothing else: who asks for one is told why.
final class ServiceLedger {
    /// Why there are no grants.
    private(set) var failure: LedgerError?
    /// Why what came in the last hours, and that the service runs, waits to be written down; nil in good times.
    var trafficFailure: LedgerError?
    /// Where a damaged database was put.
    private(set) var setAside: String?
    let ledger: Ledger?
    private let grants: GrantBook?
    /// Nil for the same reason as the grants.
    private let denials: DenialBook?

    init(folder: String, at now: WallTime) {
        do throws(LedgerError) {
            let ledger = try Ledger(folder: folder, at: now)
            grants = try GrantBook(ledger)
            denials = DenialBook(ledger)
            self.ledger = ledger
            setAside = ledger.setAside
        } catch {
            (ledger, grants, denials, failure) = (nil, nil, nil, error)
        }
    }

    /// For requests about grants.
    func book() throws(ControlFailure) -> GrantBook {
        guard let grants else { throw ControlFailure(failure ?? LedgerError(cause: .broken, message: "there is no ledger")) }
        return grants
    }

    /// What an admin should do something about.
    var troubles: [LedgerTrouble] {
        var troubles: [LedgerTrouble] = []
        if let failure {
            troubles.append(
                LedgerTrouble(
                    text: "no grants, no record of denials: \(failure)",
                    cure: "let the service's user write to the state folder, or make room there, and restart the service"))
        }
        if let setAside {
            troubles.append(
                LedgerTrouble(
                    kind: .ledgerReplaced, text: "the ledger was damaged and a new one was begun; the old one is \(setAside)",
                    cure: "make the grants anew that are missing, take the old file away, and restart the service"))
        }
        if let grants, let failure = grants.failure {
            let count = grants.unrecordedCount
            let changes = Quantity.counted(count, "change of a grant", plural: "changes of grants")
            troubles.append(
                LedgerTrouble(
                    subject: "grants", text: "\(changes) \(count == 1 ? "waits" : "wait") for the disk: \(failure)", cure: Self.roomCure))
        }
        if let denials, let failure = denials.failure {
            let count = denials.unrecordedCount
            let waiting = "\(Quantity.counted(count, "denial")) \(count == 1 ? "waits" : "wait")"
            troubles.append(
                LedgerTrouble(subject: "denials", text: "\(waiting) for the disk: \(failure)", cure: Self.roomCure))
        }
        if let trafficFailure {
            troubles.append(
                LedgerTrouble(
                    subject: "traffic", text: "what comes in each hour waits for the disk: \(trafficFailure)", cure: Self.roomCure))
        }
        return troubles
    }

    private static let roomCure =
        "make room where the state folder lies, or let the service's user write there; it is tried again by itself"

    // MARK: Grants

    /// A grant as an entry of the allow-list.
    static func entry(of grant: Grant) -> Settings.AllowEntry {
        var entry = Settings.AllowEntry(prefix: grant.address, label: grant.label ?? grant.reason, origin: "grant")
        entry.isLabelledByReason = grant.label == nil
        entry.isAnnounced = grant.firstUsedAt == nil
        entry.endsAtUnixSeconds = (grant.endsAt.milliseconds + 999) / 1000
        return entry
    }

    func active(at now: WallTime) -> [Grant] { grants?.active(at: now) ?? [] }
    var nextExpiry: WallTime? { grants?.nextExpiry }
    func expire(at now: WallTime) -> [Grant] { grants?.expire(at: now) ?? [] }
    func follow(at now: WallTime) -> Bool { grants?.follow(at: now) ?? false }
    func recordUse(by peer: PeerAddress, at now: WallTime) -> [Grant] { grants?.recordUse(by: peer, at: now) ?? [] }

    // MARK: Denials

    var keepsDenials: Bool { denials != nil }

    enum Recording {
        case done
        /// News: the attempt before didn't fail.
        case failed(LedgerError, isNews: Bool)
    }

    func record(_ summaries: [DenialSummary], at now: WallTime) -> Recording {
        guard let denials, !summaries.isEmpty else { return .done }
        let isNews = denials.failure == nil
        do throws(LedgerError) {
            try denials.record(summaries, at: now)
            return .done
        } catch {
            return .failed(error, isNews: isNews)
        }
    }

    func report(
        _ query: DenialQuery, silences: [Silence], listing: DenialReport.Listing, at now: WallTime
    ) throws(ControlFailure) -> DenialReport {
        let book = try book()
        do throws(LedgerError) {
            guard let denials else { throw LedgerError(cause: .broken, message: "there is no ledger") }
            return try denials.report(query, grants: try book.history(), silences: silences, listing: listing, at: now)
        } catch {
            throw ControlFailure(error)
        }
    }

    /// Of the last day, from the newest rows; labelled by the grants that are active. Nil when it can't be read.
    func recentDenials(listing: DenialReport.Listing, at now: WallTime, top: Int, rowsMax: Int) -> DenialReport? {
        guard let denials, let query = try? DenialQuery(seconds: 86_400, top: top) else { return nil }
        return try? denials.report(query, rowsMax: rowsMax, grants: active(at: now), listing: listing, at: now)
    }

    // MARK: Sources

    /// As a former process left it; nil where nothing can be read.
    func sourceHistory() -> SourceHistory? {
        guard let ledger else { return nil }
        return try? SourceTable.read(from: ledger.connection)
    }

    /// False when it couldn't be written, or there was nothing to write.
    func record(_ history: SourceHistory) -> Bool {
        guard history.isChanged, let ledger else { return false }
        do throws(LedgerError) {
            try ledger.connection.transaction { () throws(LedgerError) in try SourceTable.write(history, to: ledger.connection) }
            return true
        } catch {
            return false
        }
    }

    // MARK: Notices

    /// What a notifier was told by a former process; nothing where that can't be read.
    func told(of notifier: String) -> [Problem] {
        guard let ledger else { return [] }
        return (try? ToldTable.read(of: notifier, from: ledger.connection)) ?? []
    }

    /// What can't be written is told again after a restart.
    func remember(_ told: [Problem], of notifier: String) {
        guard let ledger else { return }
        try? ledger.connection.transaction { () throws(LedgerError) in try ToldTable.write(told, of: notifier, to: ledger.connection) }
    }

    // MARK: The pending configuration

    /// Nil, or why it isn't remembered.
    func remember(_ pending: PendingConfiguration) -> String? {
        guard let ledger else { return failure?.message ?? "there is no ledger" }
        do throws(LedgerError) {
            try PendingConfigurationTable.write(pending, to: ledger.connection)
            return nil
        } catch {
            return error.message
        }
    }

    func rememberedPending() -> PendingConfiguration? {
        guard let ledger else { return nil }
        return (try? PendingConfigurationTable.read(from: ledger.connection)) ?? nil
    }

    /// One that can't be forgotten has an end all the same.
    func forgetPending() {
        guard let ledger else { return }
        try? PendingConfigurationTable.clear(ledger.connection)
    }
}

extension ServiceLedger: StateKeeper {
    /// Denials, traffic and what was learned; the next process judges by them.
    func kept(before next: Configuration, at now: WallTime) -> String? { "the ledger" }
}
