/// What was changed in the configuration, when and by whom; and moments that must be known after a restart.
enum ChangeTable {
    private static let rowsMax = 1_000
    private static let textBytesMax = 1_000

    /// To be called within a transaction.
    static func add(_ change: RecordedChange, to connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO changes (at, requester, text) VALUES (?, ?, ?)",
            [.number(change.at.milliseconds), .text(cut(change.requester)), .text(cut(change.text))])
        try connection.execute("DELETE FROM changes WHERE id <= ?", [.number(connection.insertedRow - Int64(rowsMax))])
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > textBytesMax else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: textBytesMax)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return text[..<end] + "…"
    }

    /// The earliest first.
    static func changes(since: WallTime, from connection: borrowing SQLConnection) throws(LedgerError) -> [RecordedChange] {
        var changes: [RecordedChange] = []
        try connection.rows("SELECT at, requester, text FROM changes WHERE at >= ? ORDER BY id", [.number(since.milliseconds)]) { row in
            guard let at = row.number(0), let requester = row.text(1), let text = row.text(2) else { return }
            changes.append(RecordedChange(at: WallTime(milliseconds: at), requester: requester, text: text))
        }
        return changes
    }

    // MARK: Moments

    static func mark(_ name: String, at time: WallTime, in connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute(
            "INSERT INTO marks (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [.text(name), .number(time.milliseconds)])
    }

    static func mark(_ name: String, from connection: borrowing SQLConnection) throws(LedgerError) -> WallTime? {
        var time: WallTime?
        try connection.rows("SELECT at FROM marks WHERE name = ?", [.text(name)]) { row in
            time = row.number(0).map { WallTime(milliseconds: $0) }
        }
        return time
    }
}
