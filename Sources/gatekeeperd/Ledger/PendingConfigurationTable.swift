/// The configuration that waits to be confirmed, as the one row of a table: what a restart in between must know.
enum PendingConfigurationTable {
    static func read(from connection: borrowing SQLConnection) throws(LedgerError) -> PendingConfiguration? {
        var pending: PendingConfiguration?
        try connection.rows("SELECT file, text, ends_at, asked_by, asked_by_name FROM trial") { row in
            guard let file = row.text(0), let text = row.text(1), let endsAt = row.number(2), let user = row.number(3) else { return }
            pending = PendingConfiguration(
                file: file, text: Array(text.utf8), endsAt: WallTime(milliseconds: endsAt),
                askedBy: Requester(user: UInt32(clamping: user), name: row.text(4)))
        }
        return pending
    }

    static func write(_ pending: PendingConfiguration, to connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute(
            "INSERT OR REPLACE INTO trial (id, file, text, ends_at, asked_by, asked_by_name) VALUES (1, ?, ?, ?, ?, ?)",
            [
                .text(pending.file), .text(String(decoding: pending.text, as: UTF8.self)), .number(pending.endsAt.milliseconds),
                .number(Int64(pending.askedBy.user)), .text(pending.askedBy.name),
            ])
    }

    static func clear(_ connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute("DELETE FROM trial")
    }
}
