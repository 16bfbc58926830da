/// Which problems each notifier has been told of and not yet that they are over, so that a restart neither tells them again nor forgets them.
enum ToldTable {
    /// - Parameter notifier: a name that says nothing, as `Notifier.fingerprint`.
    static func read(of notifier: String, from connection: borrowing SQLConnection) throws(LedgerError) -> [Problem] {
        var told: [Problem] = []
        try connection.rows("SELECT kind, subject, text, cure, since FROM told WHERE notifier = ? ORDER BY since", [.text(notifier)]) {
            row in
            // A kind that this version doesn't know can't be judged.
            guard let kind = row.text(0).flatMap({ Problem.Kind(rawValue: $0) }), let subject = row.text(1), let text = row.text(2),
                let cure = row.text(3), let since = row.number(4)
            else { return }
            told.append(Problem(kind, of: subject, text, cure: cure, since: WallTime(milliseconds: since)))
        }
        return told
    }

    /// In the place of what was there.
    static func write(_ told: [Problem], of notifier: String, to connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute("DELETE FROM told WHERE notifier = ?", [.text(notifier)])
        for problem in told {
            try connection.execute(
                "INSERT INTO told (notifier, kind, subject, text, cure, since) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    .text(notifier), .text(problem.kind.rawValue), .text(problem.subject), .text(problem.text), .text(problem.cure),
                    .number(problem.since.milliseconds),
                ])
        }
    }
}
