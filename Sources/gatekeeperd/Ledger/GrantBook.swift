internal import Gatekeeper

/// The grants that admit now, and the record of them in the ledger.
///
/// A grant begins once it is written to the disk. It ends when its time is up or somebody revokes it, even if the disk can't be written:
/// an ending that couldn't be recorded is tried again with every later change (`unrecordedCount`). Each method that returns grants returns each of them once: what it
/// returns is what is to be logged, and what the allow-list is to learn.
final class GrantBook {
    /// More than these belong in the configuration; it also bounds what is told about them.
    static let countMax = 500

    private let ledger: Ledger
    /// Those without an ending, also where their time is up and `expire` hasn't been told of it yet.
    private var current: [AddressPrefix: Grant]
    /// Ended when another took their place, and not yet returned by `expire`.
    private var expiredEarly: [Grant] = []
    /// Changed in memory only, by row.
    private var unrecorded: [Int64: Grant] = [:]
    /// Why the last attempt to record something failed; nil after one that didn't.
    private(set) var failure: LedgerError?

    /// Those that a former run left; what ended meanwhile is for `expire` to find.
    init(_ ledger: Ledger) throws(LedgerError) {
        self.ledger = ledger
        let grants = try GrantTable.current(in: ledger.connection)
        current = Dictionary(grants.map { ($0.address, $0) }) { first, _ in first }
    }

    /// Those that admit at `now`, the first to end first.
    func active(at now: WallTime) -> [Grant] {
        current.values.filter { $0.isActive(at: now) }.sorted { ($0.endsAt, $0.identifier) < ($1.endsAt, $1.identifier) }
    }

    /// When to call `expire` next.
    var nextExpiry: WallTime? { (current.values.map(\.endsAt) + expiredEarly.map(\.endsAt)).min() }

    /// How many changes wait for the disk.
    var unrecordedCount: Int { unrecorded.count }

    /// Makes a grant, or puts off the end of the one that is there for the same address. On an error nothing has changed.
    func grant(_ request: GrantRequest, by requester: Requester, at now: WallTime) throws(LedgerError) -> GrantOutcome {
        // On a full second, by which each worker tells by itself that it has ended: none admits by a list that it has not heard of yet.
        let endsAt = WallTime(milliseconds: (now.advanced(byMilliseconds: Int64(request.seconds) * 1000).milliseconds + 999) / 1000 * 1000)
        if let present = current[request.address], present.isActive(at: now) {
            let isLater = endsAt > present.endsAt
            let label = request.label ?? present.label
            guard isLater || label != present.label else { return GrantOutcome(grant: present, change: .none) }
            var grant = present
            (grant.endsAt, grant.reason, grant.label) = (max(endsAt, present.endsAt), request.reason, label)
            grant.extended = Grant.Extension(at: now, by: requester)
            try record([grant])
            current[request.address] = grant
            return GrantOutcome(grant: grant, change: isLater ? .extended(from: present.endsAt) : .labelled)
        }
        // One whose time is up is still to be returned by `expire`; its row must end before another can begin.
        let outdated = current[request.address].map { ended($0, .expired, at: $0.endsAt) }
        guard current.count < Self.countMax else {
            throw LedgerError(cause: .tooMany, message: "there are \(current.count) grants already, and no more are kept at a time")
        }
        let grant = try record(outdated.map { [$0] } ?? []) { () throws(LedgerError) in
            try GrantTable.insert(request, by: requester, at: now, endsAt: endsAt, into: ledger.connection)
        }
        if let outdated { expiredEarly.append(outdated) }
        current[request.address] = grant
        return GrantOutcome(grant: grant, change: .made)
    }

    /// Notes that a connection of `peer` was admitted, and returns the grants of which this was the first use.
    func recordUse(by peer: PeerAddress, at now: WallTime) -> [Grant] {
        var used: [Grant] = []
        for (address, grant) in current where grant.firstUsedAt == nil && grant.isActive(at: now) && address.contains(peer) {
            var grant = grant
            grant.firstUsedAt = now
            current[address] = grant
            used.append(grant)
        }
        keep(used)
        return used
    }

    /// Ends the grants whose time is up, and returns them.
    func expire(at now: WallTime) -> [Grant] {
        let outdated = current.values.filter { !$0.isActive(at: now) }.map { ended($0, .expired, at: $0.endsAt) }
        for grant in outdated { current[grant.address] = nil }
        keep(outdated)
        defer { expiredEarly = [] }
        return (expiredEarly + outdated).sorted { $0.identifier < $1.identifier }
    }

    /// Goes by what another process has written, which keeps the ledger by now; true if others are admitted than before.
    ///
    /// Where it can't be read, what was known stays, less what has had its time.
    func follow(at now: WallTime) -> Bool {
        let known = Set(current.keys)
        let written = (try? GrantTable.current(in: ledger.connection)) ?? Array(current.values)
        current = Dictionary(written.filter { $0.isActive(at: now) }.map { ($0.address, $0) }) { first, _ in first }
        return Set(current.keys) != known
    }

    /// Ends a grant at once; nil when there is none for exactly this address. That it isn't recorded is in `failure`, and it ends all the same.
    func revoke(_ address: AddressPrefix, by requester: Requester, at now: WallTime) -> Grant? {
        guard let present = current[address], present.isActive(at: now) else { return nil }
        let grant = ended(present, .revoked(by: requester), at: now)
        current[address] = nil
        keep([grant])
        return grant
    }

    /// The newest grants of all times, the newest first.
    func history(countMax: Int = GrantBook.countMax) throws(LedgerError) -> [Grant] {
        try GrantTable.newest(countMax, in: ledger.connection).map { unrecorded[$0.identifier] ?? $0 }
    }

    // MARK: Recording

    private func ended(_ grant: Grant, _ how: Grant.Ending.How, at time: WallTime) -> Grant {
        var grant = grant
        grant.ending = Grant.Ending(at: time, how: how)
        return grant
    }

    /// Remembers the change where the disk refuses it.
    private func keep(_ grants: [Grant]) {
        for grant in grants { unrecorded[grant.identifier] = grant }
        guard !unrecorded.isEmpty else { return }
        try? record([])
    }

    private func record(_ grants: [Grant]) throws(LedgerError) {
        try record(grants) { () throws(LedgerError) in }
    }

    /// Writes what has waited, then `grants`, then what `body` writes: all or nothing.
    private func record<Result>(_ grants: [Grant], _ body: () throws(LedgerError) -> Result) throws(LedgerError) -> Result {
        do {
            let result = try ledger.connection.transaction { () throws(LedgerError) in
                for grant in unrecorded.values { try GrantTable.update(grant, in: ledger.connection) }
                for grant in grants { try GrantTable.update(grant, in: ledger.connection) }
                return try body()
            }
            unrecorded = [:]
            failure = nil
            return result
        } catch {
            failure = error
            throw error
        }
    }
}
