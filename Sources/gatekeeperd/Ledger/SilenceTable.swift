/// Silences that were said, so that a restart says none of them again.
enum SilenceTable {
    private static let days: Int64 = 60

    /// To be called within a transaction.
    static func write(_ silence: ToldSilence, to connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute(
            """
            INSERT INTO silences (label, since, said_at, usual, back_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (label, since) DO UPDATE SET back_at = excluded.back_at
            """,
            [
                .text(silence.label), .number(silence.since.milliseconds), .number(silence.saidAt.milliseconds), .text(silence.usual),
                .number(silence.backAt?.milliseconds),
            ])
        try connection.execute(
            "DELETE FROM silences WHERE back_at < ?", [.number(silence.saidAt.milliseconds - days * 86_400_000)])
    }

    /// Those that last, and those that have ended since then.
    static func read(since: WallTime, from connection: borrowing SQLConnection) throws(LedgerError) -> [ToldSilence] {
        var silences: [ToldSilence] = []
        try connection.rows(
            "SELECT label, since, said_at, usual, back_at FROM silences WHERE back_at IS NULL OR back_at >= ? ORDER BY since LIMIT 1000",
            [.number(since.milliseconds)]
        ) { row in
            guard let label = row.text(0), let since = row.number(1), let said = row.number(2), let usual = row.text(3) else { return }
            silences.append(
                ToldSilence(
                    label: label, since: WallTime(milliseconds: since), saidAt: WallTime(milliseconds: said), usual: usual,
                    backAt: row.number(4).map { WallTime(milliseconds: $0) }))
        }
        return silences
    }
}
