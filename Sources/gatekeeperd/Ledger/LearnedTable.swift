internal import Gatekeeper

/// Requests as rows of the ledger: one a day, label, method and path template.
///
/// Labels are the admin's, and templates bounded for each by the learner; beyond both, the oldest days of who has most go first. A vendor of thirteen
/// templates is thirteen rows of 77 bytes a day: 3 KiB a day for three vendors, 300 KiB for three hundred (decision 0032).
enum LearnedTable {
    struct Bounds {
        var rowsMax: Int64
        /// Of one label on one day; requests of other templates aren't kept then.
        var labelRowsMax: Int64
        var days: Int64

        static let standard = Bounds(rowsMax: 400_000, labelRowsMax: 500, days: 60)
    }

    // MARK: Writing

    /// Adds what was learned. To be called within a transaction.
    ///
    /// - Returns: how many requests found no row.
    static func add(
        _ take: LearnedTake, at now: WallTime, bounds: Bounds = .standard, to connection: borrowing SQLConnection
    ) throws(LedgerError) -> UInt64 {
        for (owner, parents) in take.openedParents { try revise(owner, below: parents, in: connection) }
        var room: [LearnedTake.Owner: Int64] = [:]
        var lost: UInt64 = 0
        var isLonger = false
        // What came most often finds a row.
        for row in take.rows.sorted(by: { $0.count > $1.count }) {
            if try update(row, in: connection) { continue }
            let owner = LearnedTake.Owner(day: row.key.day, label: row.key.label)
            if room[owner] == nil { room[owner] = bounds.labelRowsMax - (try count(of: owner, in: connection)) }
            guard let left = room[owner], left > 0 else {
                lost += row.count
                continue
            }
            room[owner] = left - 1
            isLonger = true
            try put(row, into: connection)
        }
        // Counting takes a while, and mostly there is nothing new.
        if isLonger { try prune(at: now, bounds, connection) }
        return lost
    }

    /// Names of a day that were kept, at a position where there turned out to be too many of them, are kept no longer.
    ///
    /// One look at the label's rows of the day, however many positions there are: a client can open as many as it likes.
    private static func revise(
        _ owner: LearnedTake.Owner, below parents: [String: Set<String>], in connection: borrowing SQLConnection
    ) throws(LedgerError) {
        var rows: [(row: LearnedRequest, template: String)] = []
        try connection.rows(
            "SELECT \(columns) FROM learned WHERE day = ? AND label = ?", [.number(owner.day), .text(owner.label)]
        ) { row in
            guard let learned = request(row), let other = OpenedPosition.revised(learned.key.template, below: parents) else { return }
            rows.append((learned, other))
        }
        for (var row, template) in rows {
            try connection.execute(
                "DELETE FROM learned WHERE day = ? AND label = ? AND method = ? AND template = ?",
                [.number(row.key.day), .text(row.key.label), .text(row.key.method), .text(row.key.template)])
            row.key.template = template
            try put(row, into: connection)
        }
    }

    private static func update(_ row: LearnedRequest, in connection: borrowing SQLConnection) throws(LedgerError) -> Bool {
        var isThere = false
        try connection.rows(
            """
            UPDATE learned SET c2 = c2 + ?, c3 = c3 + ?, c4 = c4 + ?, c5 = c5 + ?,
                    last_failure = CASE WHEN ? > 0 THEN ? ELSE last_failure END,
                    first_at = min(first_at, ?), last_at = max(last_at, ?)
                WHERE day = ? AND label = ? AND method = ? AND template = ? RETURNING 1
            """,
            [
                .number(Int64(clamping: row.succeeded)), .number(Int64(clamping: row.redirected)),
                .number(Int64(clamping: row.clientErrors)), .number(Int64(clamping: row.serverErrors)),
                .number(Int64(row.lastFailure)), .number(Int64(row.lastFailure)), .number(row.firstMilliseconds),
                .number(row.lastMilliseconds), .number(row.key.day), .text(row.key.label), .text(row.key.method), .text(row.key.template),
            ]
        ) { _ in isThere = true }
        return isThere
    }

    private static func put(_ row: LearnedRequest, into connection: borrowing SQLConnection) throws(LedgerError) {
        guard try !update(row, in: connection) else { return }
        try connection.execute(
            "INSERT INTO learned (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .number(row.key.day), .text(row.key.label), .text(row.key.method), .text(row.key.template),
                .number(Int64(clamping: row.succeeded)), .number(Int64(clamping: row.redirected)),
                .number(Int64(clamping: row.clientErrors)), .number(Int64(clamping: row.serverErrors)), .number(Int64(row.lastFailure)),
                .number(row.firstMilliseconds), .number(row.lastMilliseconds),
            ])
    }

    private static func count(of owner: LearnedTake.Owner, in connection: borrowing SQLConnection) throws(LedgerError) -> Int64 {
        var count: Int64 = 0
        try connection.rows("SELECT count(*) FROM learned WHERE day = ? AND label = ?", [.number(owner.day), .text(owner.label)]) { row in
            count = row.number(0) ?? 0
        }
        return count
    }

    private static func prune(at now: WallTime, _ bounds: Bounds, _ connection: borrowing SQLConnection) throws(LedgerError) {
        // Days ahead are of a calendar that was wrong.
        let today = day(of: now)
        try connection.execute("DELETE FROM learned WHERE day < ? OR day > ?", [.number(today - bounds.days), .number(today + 1)])
        // At the cost of those who have most: a label that is flooded doesn't shorten the others' weeks.
        while try connection.number("SELECT count(*) FROM learned") > bounds.rowsMax {
            try connection.execute(
                """
                DELETE FROM learned WHERE (label, day) = (SELECT label, min(day) FROM learned WHERE label =
                    (SELECT label FROM learned GROUP BY label ORDER BY count(*) DESC, label LIMIT 1))
                """)
        }
    }

    // MARK: Reading

    private static let columns = "day, label, method, template, c2, c3, c4, c5, last_failure, first_at, last_at"

    private static func request(_ row: borrowing SQLStatement) -> LearnedRequest? {
        guard let day = row.number(0), let label = row.text(1), let method = row.text(2), let template = row.text(3),
            let first = row.number(9), let last = row.number(10)
        else { return nil }
        var request = LearnedRequest(
            LearnedRequest.Key(day: day, label: label, method: method, template: template), firstMilliseconds: first, lastMilliseconds: last
        )
        request.succeeded = UInt64(clamping: row.number(4) ?? 0)
        request.redirected = UInt64(clamping: row.number(5) ?? 0)
        request.clientErrors = UInt64(clamping: row.number(6) ?? 0)
        request.serverErrors = UInt64(clamping: row.number(7) ?? 0)
        request.lastFailure = UInt16(clamping: row.number(8) ?? 0)
        return request
    }

    /// What a former process has learned, of requests that were answered well; what came on the most days first.
    static func known(in connection: borrowing SQLConnection) throws(LedgerError) -> [LearnedTemplate] {
        var templates: [LearnedTemplate] = []
        try connection.rows(
            """
            SELECT label, template, min(day), max(day), count(DISTINCT day) AS days FROM learned WHERE c2 + c3 > 0
                GROUP BY label, template ORDER BY days DESC, min(day)
            """
        ) { row in
            guard let label = row.text(0), let template = row.text(1), let first = row.number(2), let last = row.number(3),
                let days = row.number(4)
            else { return }
            templates.append(LearnedTemplate(label: label, template: template, firstDay: first, lastDay: last, days: Int(clamping: days)))
        }
        return templates
    }

    /// What each label has used most, however much another has.
    ///
    /// - Parameter query: a day that had begun at its moment is in whole.
    static func report(
        _ query: LearnedQuery, at now: WallTime, from connection: borrowing SQLConnection
    ) throws(LedgerError) -> LearnedReport {
        let since = now.advanced(byMilliseconds: -Int64(query.seconds) * 1000)
        var report = LearnedReport(since: since)
        try connection.rows(
            """
            SELECT label, method, template, sum(c2), sum(c3), sum(c4), sum(c5),
                    max(CASE WHEN last_failure > 0 THEN last_at * 1000 + last_failure ELSE 0 END) % 1000,
                    count(CASE WHEN c2 + c3 > 0 THEN 1 END), min(first_at), max(last_at)
                FROM learned WHERE day >= ? AND (? OR label = ?) GROUP BY label, method, template
                ORDER BY row_number() OVER (PARTITION BY label ORDER BY sum(c2 + c3) DESC, template, method), label
            """,
            [.number(day(of: since)), .number(query.label == nil ? 1 : 0), .text(query.label ?? "")]
        ) { row in
            guard let label = row.text(0), let method = row.text(1), let template = row.text(2), let first = row.number(9),
                let last = row.number(10), isReadable(method, template)
            else { return }
            guard report.requests.count < LearnedReport.requestsMax else { return report.notShown += 1 }
            report.requests.append(
                LearnedReport.Request(
                    label: label, method: method, template: template, succeeded: row.number(3) ?? 0, redirected: row.number(4) ?? 0,
                    clientErrors: row.number(5) ?? 0, serverErrors: row.number(6) ?? 0, lastFailure: Int(row.number(7) ?? 0),
                    goodDays: Int(row.number(8) ?? 0), first: WallTime(milliseconds: first), last: WallTime(milliseconds: last)))
        }
        report.requests.sort { ($1.good, $0.label, $0.template, $0.method) < ($0.good, $1.label, $1.template, $1.method) }
        return report
    }

    /// Another hand may have written the row, and what is made of it is pasted into a configuration.
    private static func isReadable(_ method: String, _ template: String) -> Bool {
        template.isEmpty || (try? Route(methods: [method], path: template)) != nil
    }

    static func day(of time: WallTime) -> Int64 { max(0, time.milliseconds) / 86_400_000 }
}
