internal import Gatekeeper

/// Everybody is shut out but a few, from when somebody said so until somebody says otherwise or the time is up.
struct Lockdown: Equatable, Sendable {
    var since: WallTime
    /// Nil where that isn't known any more.
    var requester: Requester?
    /// The names of the entries that go on admitting: labels, or addresses where there is none.
    var keep: [String] = []
    /// By the calendar as it is now; nil until somebody ends it.
    var endsAt: WallTime?
    /// Grants that were made to admit meanwhile.
    var grants: [AdmittedGrant] = []
    /// Why the record of it can't be read; everybody is shut out then.
    var obstacle: String?
    /// Why a restart would end it; nil when it wouldn't.
    var transience: String?

    /// A grant that admits during the lockdown. With its address, since a ledger that had to be begun anew counts rows from the first again.
    struct AdmittedGrant: Equatable, Sendable {
        let row: Int64
        let address: AddressPrefix
    }

    static let secondsMax = 30 * 86_400

    /// What an entry is kept by.
    static func name(of entry: Settings.AllowEntry) -> String { entry.label ?? entry.prefix.description }

    /// One that has ended hides none for the same network that is shut out.
    func effect(on entry: Settings.AllowEntry, at now: WallTime) -> LockdownEffect {
        if let end = entry.endsAtUnixSeconds, end <= now.milliseconds / 1000 { return .passedOver }
        return keep.contains(Self.name(of: entry)) ? .none : .shutOut
    }

    func effect(on grant: Grant) -> LockdownEffect {
        grants.contains(AdmittedGrant(row: grant.identifier, address: grant.address)) ? .none : .passedOver
    }

    /// Where the grant's row isn't known.
    func effect(onGrantFor address: AddressPrefix) -> LockdownEffect {
        grants.contains { $0.address == address } ? .none : .passedOver
    }

    /// `everybody is shut out but office and Tier2Tickets`.
    var scope: String {
        let others = keep + (grants.isEmpty ? [] : [Quantity.counted(grants.count, "grant")])
        guard let last = others.last else { return "everybody is shut out" }
        let before = others.dropLast().joined(separator: ", ")
        return "everybody is shut out but \(before)\(before.isEmpty ? "" : " and ")\(last)"
    }

    /// For people, in one line.
    func text(at now: WallTime) -> String {
        if let obstacle { return "everybody is shut out: \(obstacle)" }
        let by = requester.map { ", by \($0)" } ?? ""
        let end = endsAt.map { "ends \(TimeText.until($0, from: now))" } ?? "until `gatekeeperd lockdown --end`"
        return "\(scope); since \(since.text)\(by), \(end)"
    }

    var json: JSON {
        .object(
            of: ("since", .time(since)), ("by", requester?.json), ("keep", .strings(keep)), ("ends_at", endsAt.map(JSON.time)),
            ("grants", .strings(grants.map(\.address.description))), ("obstacle", obstacle.map(JSON.string)),
            ("transience", transience.map(JSON.string)))
    }

    /// What `status` says of it, for whoever explains; nil where that isn't legible.
    init?(status json: JSON) {
        guard let time = json.string("since"), let seconds = try? CalendarTime.unixSeconds(time), let keep = json["keep"]?.texts else {
            return nil
        }
        self.init(since: WallTime(milliseconds: seconds * 1000))
        self.keep = keep
        endsAt = json.string("ends_at").flatMap { try? CalendarTime.unixSeconds($0) }.map { WallTime(milliseconds: $0 * 1000) }
        grants = (json["grants"]?.texts ?? []).compactMap { try? AddressPrefix(parsing: $0) }.map { AdmittedGrant(row: 0, address: $0) }
        obstacle = json.string("obstacle")
    }

    init(since: WallTime) {
        self.since = since
    }
}

/// What came of a command about a lockdown.
struct LockdownReport: Equatable, Sendable {
    /// Nil when it was ended.
    var lockdown: Lockdown?
    var warnings: [String] = []
    var notes: [String] = []
}
