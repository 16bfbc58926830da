/// When the service ran: one row a process. A row without an end is a process that runs, or one that was killed.
enum RunTable {
    private static let rowsMax = 500

    /// The new row's number.
    static func begin(at now: WallTime, in connection: borrowing SQLConnection) throws(LedgerError) -> Int64 {
        try connection.execute("INSERT INTO runs (began_at, seen_at) VALUES (?1, ?1)", [.number(now.milliseconds)])
        let row = connection.insertedRow
        try connection.execute("DELETE FROM runs WHERE id <= ?", [.number(row - Int64(rowsMax))])
        return row
    }

    static func see(
        _ row: Int64, at now: WallTime, untoldSince: WallTime?, isLast: Bool, in connection: borrowing SQLConnection
    ) throws(LedgerError) {
        try connection.execute(
            "UPDATE runs SET seen_at = ?, untold_since = ?, ended_at = ? WHERE id = ?",
            [
                .number(now.milliseconds), .number(untoldSince?.milliseconds), isLast ? .number(now.milliseconds) : .null, .number(row),
            ])
    }

    /// Those that were seen since then, the earliest first.
    static func runs(
        since: WallTime, but own: Int64?, from connection: borrowing SQLConnection
    ) throws(LedgerError) -> [ServiceRun] {
        var runs: [ServiceRun] = []
        try connection.rows(
            "SELECT began_at, seen_at, ended_at, untold_since FROM runs WHERE seen_at >= ? AND id <> ? ORDER BY id",
            [.number(since.milliseconds), .number(own ?? -1)]
        ) { row in
            guard let began = row.number(0), let seen = row.number(1) else { return }
            runs.append(
                ServiceRun(
                    began: WallTime(milliseconds: began), seen: WallTime(milliseconds: seen),
                    ended: row.number(2).map { WallTime(milliseconds: $0) },
                    untoldSince: row.number(3).map { WallTime(milliseconds: $0) }))
        }
        return runs
    }
}
