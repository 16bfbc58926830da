internal import Gatekeeper

/// The sources' history as rows of the ledger.
enum SourceTable {
    static func read(from connection: borrowing SQLConnection) throws(LedgerError) -> SourceHistory {
        var times: [AddressPrefix: SourceHistory.Times] = [:]
        try connection.rows("SELECT address, listed_at, seen_at FROM sources LIMIT \(SourceHistory.countMax)", []) { row in
            // A row that another hand has written and that can't be read is nobody's.
            guard let text = row.text(0), let prefix = try? AddressPrefix(parsing: text), let listedAt = row.number(1) else { return }
            times[prefix] = SourceHistory.Times(
                listedAt: WallTime(milliseconds: listedAt), seenAt: row.number(2).map { WallTime(milliseconds: $0) })
        }
        return SourceHistory(times)
    }

    /// To be called within a transaction. Beside us a process may write that this one replaces: what was seen later is true.
    static func write(_ history: SourceHistory, to connection: borrowing SQLConnection) throws(LedgerError) {
        let known = try read(from: connection)
        for prefix in known.times.keys where history[prefix] == nil {
            try connection.execute("DELETE FROM sources WHERE address = ?", [.text(prefix.description)])
        }
        for (prefix, times) in history.times where known[prefix] != times {
            try connection.execute(
                """
                INSERT INTO sources (address, listed_at, seen_at) VALUES (?, ?, ?) ON CONFLICT (address) DO UPDATE SET
                    seen_at = max(coalesce(seen_at, excluded.seen_at), coalesce(excluded.seen_at, seen_at))
                """,
                [.text(prefix.description), .number(times.listedAt.milliseconds), .number(times.seenAt?.milliseconds)])
        }
    }
}
