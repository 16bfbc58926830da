internal import Gatekeeper

/// Who knocks, seen from the other side: addresses, and the hours in which they came.
extension DenialTable {
    /// Of the newest rows; a flood leaves a hundred thousand a day.
    private static let knockRowsMax = 50_000
    private static let knockersMax = 512
    private static let isStranger = "peer <> '' AND reason IN ('not_listed', 'expired')"

    /// Addresses that were turned away since this hour because the list hasn't got them; those that never came before it first, and of these
    /// those that came in most hours. Who has knocked for weeks is nobody who moved, however many they are.
    static func knocks(since hour: Int64, from connection: borrowing SQLConnection) throws(LedgerError) -> [Knocks] {
        var knocks: [Knocks] = []
        try connection.rows(
            """
            SELECT peer, min(hour) < ?1, group_concat(CASE WHEN hour >= ?1 THEN hour || ':' || count END, ' ') FROM
                (SELECT peer, hour, sum(count) AS count FROM
                    (SELECT * FROM denials WHERE \(isStranger) ORDER BY hour DESC LIMIT \(knockRowsMax)) GROUP BY peer, hour)
                GROUP BY peer HAVING max(hour) >= ?1
                ORDER BY min(hour) < ?1, count(hour) DESC, peer LIMIT \(knockersMax)
            """, [.number(hour)]
        ) { row in
            guard let text = row.text(0), let peer = try? PeerAddress(parsing: text) else { return }
            let hours = (row.text(2) ?? "").split(separator: " ").compactMap { word -> (hour: Int64, count: Int64)? in
                let parts = word.split(separator: ":")
                guard parts.count == 2, let hour = Int64(parts[0]), let count = Int64(parts[1]) else { return nil }
                return (hour, count)
            }
            knocks.append(Knocks(address: peer, hours: hours.sorted { $0.hour < $1.hour }, isKnown: row.number(1) == 1))
        }
        return knocks
    }

    /// How many addresses came since this hour, and how many of them had never come before, as far as that is kept.
    static func newcomers(since hour: Int64, from connection: borrowing SQLConnection) throws(LedgerError) -> (all: Int64, new: Int64) {
        var counts: (Int64, Int64) = (0, 0)
        try connection.rows(
            """
            SELECT count(*), coalesce(sum(first >= ?1), 0) FROM
                (SELECT min(hour) AS first FROM denials WHERE peer <> '' AND reason <> 'dropped' GROUP BY peer HAVING max(hour) >= ?1)
            """, [.number(hour)]
        ) { row in counts = (row.number(0) ?? 0, row.number(1) ?? 0) }
        return counts
    }

    /// Of these addresses, those that were turned away before this hour.
    static func known(
        _ peers: [PeerAddress], before hour: Int64, from connection: borrowing SQLConnection
    ) throws(LedgerError) -> Set<PeerAddress> {
        guard !peers.isEmpty else { return [] }
        var known: Set<PeerAddress> = []
        let places = Array(repeating: "?", count: peers.count).joined(separator: ", ")
        try connection.rows(
            "SELECT DISTINCT peer FROM denials WHERE hour < ? AND peer IN (\(places))",
            [.number(hour)] + peers.map { .text($0.description) }
        ) { row in if let peer = row.text(0).flatMap({ try? PeerAddress(parsing: $0) }) { known.insert(peer) } }
        return known
    }
}
