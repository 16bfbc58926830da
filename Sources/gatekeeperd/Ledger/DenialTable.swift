internal import Gatekeeper

/// Denials as rows of the ledger: one a source, reason and hour. A row without an address holds those of an hour that were too many to tell
/// apart.
///
/// Strangers choose how many sources there are, so both bounds are theirs to reach: within an hour the sources beyond are counted together,
/// which keeps a flood from pushing out the hours before it; in all, the oldest hours go first.
enum DenialTable {
    struct Bounds {
        var rowsMax: Int64
        /// With an address, in one hour.
        var hourRowsMax: Int64
        /// For how long rows are kept.
        var days: Int

        static let standard = Bounds(rowsMax: 200_000, hourRowsMax: 4_096, days: 90)
    }

    /// In place of the address.
    private static let others = ""

    // MARK: Writing

    /// Adds counts to what is there, and removes what is too old or too much. To be called within a transaction.
    static func add(
        _ summaries: [DenialSummary], at now: WallTime, bounds: Bounds = .standard, to connection: borrowing SQLConnection
    ) throws(LedgerError) {
        var room: [Int64: Int64] = [:]
        var rest: [Others: DenialSummary] = [:]
        // Whoever came most often finds a row.
        for summary in summaries.sorted(by: { $0.count > $1.count }) {
            let hour = WallTime(milliseconds: summary.lastMilliseconds).hour
            if let peer = summary.peer {
                if try update(summary, peer.description, hour, in: connection) { continue }
                if room[hour] == nil { room[hour] = bounds.hourRowsMax - (try count(of: hour, in: connection)) }
                if let left = room[hour], left > 0 {
                    room[hour] = left - 1
                    try put(summary, peer.description, hour, into: connection)
                    continue
                }
            }
            rest[Others(hour: hour, reason: summary.reason), default: none(of: summary.reason, at: summary)].join(summary)
        }
        for (key, summary) in rest { try put(summary, others, key.hour, into: connection) }
        try prune(at: now, bounds, connection)
    }

    private struct Others: Hashable {
        var hour: Int64
        var reason: DenialReason
    }

    private static func none(of reason: DenialReason, at summary: DenialSummary) -> DenialSummary {
        DenialSummary(
            peer: nil, reason: reason, count: 0, firstMilliseconds: summary.firstMilliseconds,
            lastMilliseconds: summary.lastMilliseconds, sources: 0)
    }

    /// False if there is no such row.
    private static func update(
        _ summary: DenialSummary, _ peer: String, _ hour: Int64, in connection: borrowing SQLConnection
    ) throws(LedgerError) -> Bool {
        var isThere = false
        try connection.rows(
            """
            UPDATE denials SET count = count + ?, first_at = min(first_at, ?), last_at = max(last_at, ?)
                WHERE hour = ? AND peer = ? AND reason = ? RETURNING 1
            """,
            [
                .number(Int64(clamping: summary.count)), .number(summary.firstMilliseconds), .number(summary.lastMilliseconds),
                .number(hour), .text(peer), .text("\(summary.reason.word)"),
            ]
        ) { _ in isThere = true }
        return isThere
    }

    private static func put(
        _ summary: DenialSummary, _ peer: String, _ hour: Int64, into connection: borrowing SQLConnection
    ) throws(LedgerError) {
        try connection.execute(
            """
            INSERT INTO denials (hour, peer, reason, count, first_at, last_at, sources) VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (hour, peer, reason) DO UPDATE SET count = count + excluded.count,
                    first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
                    sources = max(sources, excluded.sources)
            """,
            [
                .number(hour), .text(peer), .text("\(summary.reason.word)"), .number(Int64(clamping: summary.count)),
                .number(summary.firstMilliseconds), .number(summary.lastMilliseconds), .number(Int64(clamping: summary.sources)),
            ])
    }

    private static func count(of hour: Int64, in connection: borrowing SQLConnection) throws(LedgerError) -> Int64 {
        var count: Int64 = 0
        try connection.rows("SELECT count(*) FROM denials WHERE hour = ? AND peer <> ''", [.number(hour)]) { row in
            count = row.number(0) ?? 0
        }
        return count
    }

    private static func prune(at now: WallTime, _ bounds: Bounds, _ connection: borrowing SQLConnection) throws(LedgerError) {
        let oldest = now.advanced(byMilliseconds: -Int64(bounds.days) * 24 * WallTime.hourMilliseconds)
        try connection.execute("DELETE FROM denials WHERE hour < ?", [.number(oldest.hour)])
        while try connection.number("SELECT count(*) FROM denials") > bounds.rowsMax {
            try connection.execute("DELETE FROM denials WHERE hour = (SELECT min(hour) FROM denials)")
        }
    }

    // MARK: Reading

    /// Who was denied. An hour that had begun at the query's moment is in whole for every source that came after it.
    ///
    /// - Parameters:
    ///   - rowsMax: how many of the newest rows are looked at, so that the answer takes no longer however many there are; nil for all.
    ///   - grants: by which sources are labelled.
    ///   - silences: likewise, with who may be whom.
    ///   - listing: likewise.
    static func report(
        _ query: DenialQuery, rowsMax: Int? = nil, grants: [Grant], silences: [Silence] = [],
        listing: DenialReport.Listing = { _ in nil }, at now: WallTime, from connection: borrowing SQLConnection
    ) throws(LedgerError) -> DenialReport {
        try report(
            since: now.advanced(byMilliseconds: -Int64(query.seconds) * 1000), top: query.top, rowsMax: rowsMax, grants: grants,
            silences: silences, listing: listing, at: now, from: connection)
    }

    static func report(
        since: WallTime, top: Int, rowsMax: Int? = nil, grants: [Grant], silences: [Silence] = [], listing: DenialReport.Listing,
        at now: WallTime, from connection: borrowing SQLConnection
    ) throws(LedgerError) -> DenialReport {
        var report = DenialReport(since: since)
        report.silences = silences
        var sources: [DenialReport.Source] = []
        // One statement, so that it is one moment's truth whoever writes meanwhile.
        try connection.rows(
            """
            SELECT peer, sum(n), min(first), max(last), max(s), group_concat(reason || ' ' || n, ' '), reason = 'dropped' FROM (
                SELECT peer, reason, sum(count) AS n, min(first_at) AS first, max(last_at) AS last, max(sources) AS s
                    FROM (SELECT * FROM denials WHERE hour >= ? AND last_at >= ? ORDER BY hour DESC LIMIT ?) GROUP BY peer, reason
            ) GROUP BY peer, reason = 'dropped' ORDER BY sum(n) DESC, peer
            """,
            // A negative limit is none.
            [
                .number(since.hour), .number(since.milliseconds),
                .number(rowsMax.map { Int64($0) } ?? -1),
            ]
        ) { row in
            guard let text = row.text(0), let count = row.number(1), let first = row.number(2), let last = row.number(3) else { return }
            let denials = DenialReport.Denials(
                count: count, reasons: reasons(row.text(5) ?? ""), first: WallTime(milliseconds: first),
                last: WallTime(milliseconds: last))
            if row.number(6) == 1 {
                report.packets = denials
            } else if text == others {
                report.others = DenialReport.Others(denials: denials, sourcesAtLeast: row.number(4) ?? 0)
            } else if let peer = try? PeerAddress(parsing: text) {
                let label = DenialReport.Label(of: peer, denials, grants: grants, at: now)
                sources.append(DenialReport.Source(address: peer, denials: denials, label: label))
            } else {
                report.notShown.sources += 1
                report.notShown.count += count
            }
        }
        report.arrange(sources, top: top, listing: listing, candidacies: Candidacy.all(of: silences))
        return report
    }

    /// `not_listed 12 expired 3`, the most frequent first.
    private static func reasons(_ text: String) -> [DenialReport.Reason] {
        let words = text.split(separator: " ")
        let reasons = stride(from: 0, to: words.count - 1, by: 2).map { index in
            // Another hand may have written the row, and a terminal must not act on it.
            let isWord = words[index].utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_") }
            return DenialReport.Reason(word: isWord ? String(words[index]) : "unknown", count: Int64(words[index + 1]) ?? 0)
        }
        return reasons.sorted { ($1.count, $0.word) < ($0.count, $1.word) }
    }
}

extension DenialSummary {
    /// Takes in another source that isn't told apart.
    fileprivate mutating func join(_ other: DenialSummary) {
        let known = sources + other.sources
        add(other)
        sources = known
    }
}
