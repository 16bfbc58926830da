/// The configuration that waits to be confirmed, as the one row of a table: what a restart in between must know.
enum TrialTable {
    static func read(from connection: borrowing SQLConnection) throws(LedgerError) -> Trial? {
        var trial: Trial?
        try connection.rows("SELECT file, text, ends_at, asked_by, asked_by_name FROM trial") { row in
            guard let file = row.text(0), let text = row.text(1), let endsAt = row.number(2), let user = row.number(3) else { return }
            trial = Trial(
                file: file, text: Array(text.utf8), endsAt: WallTime(milliseconds: endsAt),
                askedBy: Requester(user: UInt32(clamping: user), name: row.text(4)))
        }
        return trial
    }

    static func write(_ trial: Trial, to connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute(
            "INSERT OR REPLACE INTO trial (id, file, text, ends_at, asked_by, asked_by_name) VALUES (1, ?, ?, ?, ?, ?)",
            [
                .text(trial.file), .text(String(decoding: trial.text, as: UTF8.self)), .number(trial.endsAt.milliseconds),
                .number(Int64(trial.askedBy.user)), .text(trial.askedBy.name),
            ])
    }

    static func clear(_ connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute("DELETE FROM trial")
    }
}
