internal import Gatekeeper

/// What the door remembers of its days, as the service uses it. What can't be written is brought again by whoever has it; what can't be read
/// isn't there.
extension ServiceLedger {
    /// What came since the last time, by hour.
    struct TrafficSince: Equatable, Sendable {
        var sources: [Int64: [String: TrafficHour]] = [:]
        var door: [Int64: DoorHour] = [:]

        var isEmpty: Bool { door.isEmpty && sources.isEmpty }
    }

    /// False when it couldn't be written.
    ///
    /// - Parameter untoldSince: since when it isn't told who was turned away.
    func record(
        _ traffic: TrafficSince, run: Int64?, untoldSince: WallTime? = nil, at now: WallTime, prunes: Bool, isLast: Bool
    ) -> Bool {
        guard let ledger else { return false }
        do throws(LedgerError) {
            try ledger.hastily { () throws(LedgerError) in
                for (hour, sources) in traffic.sources { try TrafficTable.add(sources, in: hour, to: ledger.connection) }
                for (hour, door) in traffic.door { try TrafficTable.add(door, in: hour, to: ledger.connection) }
                if let run {
                    try RunTable.see(run, at: now, untoldSince: untoldSince, isLast: isLast, in: ledger.connection)
                }
                if prunes { try TrafficTable.prune(at: now, in: ledger.connection) }
            }
            trafficFailure = nil
            return true
        } catch {
            trafficFailure = error
            return false
        }
    }

    func beginRun(at now: WallTime) -> Int64? {
        read { (connection) throws(LedgerError) in try RunTable.begin(at: now, in: connection) }
    }

    /// The hours of the last 60 days in which the door ran, the earliest first.
    func trafficHours(since hour: Int64) -> [(hour: Int64, door: DoorHour, sources: [String: TrafficHour])] {
        let traffic = read { (connection) throws(LedgerError) in try TrafficTable.traffic(since: hour, from: connection) } ?? [:]
        let hours = read { (connection) throws(LedgerError) in try TrafficTable.hours(since: hour, from: connection) } ?? []
        return hours.map { ($0.hour, $0.door, traffic[$0.hour] ?? [:]) }
    }

    func newSources(since hour: Int64) -> Set<String> {
        read { (connection) throws(LedgerError) in try TrafficTable.newcomers(since: hour, from: connection) } ?? []
    }

    func runs(since: WallTime, but own: Int64?) -> [ServiceRun] {
        read { (connection) throws(LedgerError) in try RunTable.runs(since: since, but: own, from: connection) } ?? []
    }

    // MARK: Silences

    func knocks(since hour: Int64) -> [Knocks]? {
        read { (connection) throws(LedgerError) in try DenialTable.knocks(since: hour, from: connection) }
    }

    /// Whether the kernel has turned anybody away unseen.
    func hasDropped(since hour: Int64) -> Bool {
        read { (connection) throws(LedgerError) in
            var count: Int64 = 0
            try connection.rows("SELECT count(*) FROM denials WHERE hour >= ? AND reason = 'dropped'", [.number(hour)]) { row in
                count = row.number(0) ?? 0
            }
            return count > 0
        } ?? false
    }

    func silences(since: WallTime) -> [ToldSilence] {
        read { (connection) throws(LedgerError) in try SilenceTable.read(since: since, from: connection) } ?? []
    }

    func record(_ silence: ToldSilence) {
        write { (connection) throws(LedgerError) in try SilenceTable.write(silence, to: connection) }
    }

    // MARK: Who was turned away

    /// Since the beginning of an hour, so that the sum is that of its rows.
    func report(
        since: WallTime, top: Int, listing: DenialReport.Listing, at now: WallTime
    ) throws(ControlFailure) -> DenialReport {
        let grants = grantHistory()
        guard let ledger else { throw ControlFailure(failure ?? LedgerError(cause: .broken, message: "there is no ledger")) }
        do throws(LedgerError) {
            return try DenialTable.report(since: since, top: top, grants: grants, listing: listing, at: now, from: ledger.connection)
        } catch {
            throw ControlFailure(error)
        }
    }

    func newStrangers(since hour: Int64) -> (all: Int64, new: Int64)? {
        read { (connection) throws(LedgerError) in try DenialTable.newcomers(since: hour, from: connection) }
    }

    func knownStrangers(_ peers: [PeerAddress], before hour: Int64) -> Set<PeerAddress> {
        read { (connection) throws(LedgerError) in try DenialTable.known(peers, before: hour, from: connection) } ?? []
    }

    // MARK: Changes and moments

    func record(_ change: RecordedChange) {
        write { (connection) throws(LedgerError) in try ChangeTable.add(change, to: connection) }
    }

    func changes(since: WallTime) -> [RecordedChange] {
        read { (connection) throws(LedgerError) in try ChangeTable.changes(since: since, from: connection) } ?? []
    }

    /// The grants that were made, extended or ended since then, among the newest.
    func grantHistory() -> [Grant] { (try? book().history()) ?? [] }

    func mark(_ name: String, at time: WallTime) {
        write { (connection) throws(LedgerError) in try ChangeTable.mark(name, at: time, in: connection) }
    }

    func mark(_ name: String) -> WallTime? {
        read { (connection) throws(LedgerError) in try ChangeTable.mark(name, from: connection) } ?? nil
    }

    // MARK: The connection

    private func read<Value>(_ body: (borrowing SQLConnection) throws(LedgerError) -> Value) -> Value? {
        guard let ledger else { return nil }
        return try? body(ledger.connection)
    }

    private func write(_ body: (borrowing SQLConnection) throws(LedgerError) -> Void) {
        guard let ledger else { return }
        try? ledger.connection.transaction { () throws(LedgerError) in try body(ledger.connection) }
    }
}
