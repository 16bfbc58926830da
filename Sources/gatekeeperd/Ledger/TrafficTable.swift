/// What came, by hour: of each source, and of the door as a whole.
///
/// Two processes may add to one hour while one takes over from the other, so what is written is always what came since the last time.
enum TrafficTable {
    /// For how long rows are kept.
    private static let days = TrafficHour.daysKept

    // MARK: Writing

    /// To be called within a transaction.
    static func add(_ traffic: [String: TrafficHour], in hour: Int64, to connection: borrowing SQLConnection) throws(LedgerError) {
        for (label, more) in traffic {
            try connection.execute(
                """
                INSERT INTO traffic (hour, label, succeeded, failed, bytes_in, bytes_out) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (hour, label) DO UPDATE SET succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
                        bytes_in = bytes_in + excluded.bytes_in, bytes_out = bytes_out + excluded.bytes_out
                """,
                [.number(hour), .text(label)]
                    + [more.succeeded, more.failed, more.bytesIn, more.bytesOut].map { .number(Int64(clamping: $0)) })
        }
    }

    /// Likewise.
    static func add(_ more: DoorHour, in hour: Int64, to connection: borrowing SQLConnection) throws(LedgerError) {
        try connection.execute(
            """
            INSERT INTO door_hours (hour, milliseconds, strangers, requests, errors, refused, route_refusals, shadow_refusals, cut,
                tls_failures, bytes_in, bytes_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (hour) DO UPDATE SET milliseconds = milliseconds + excluded.milliseconds,
                    strangers = max(strangers, excluded.strangers), requests = requests + excluded.requests,
                    errors = errors + excluded.errors, refused = refused + excluded.refused,
                    route_refusals = route_refusals + excluded.route_refusals,
                    shadow_refusals = shadow_refusals + excluded.shadow_refusals, cut = cut + excluded.cut,
                    tls_failures = tls_failures + excluded.tls_failures, bytes_in = bytes_in + excluded.bytes_in,
                    bytes_out = bytes_out + excluded.bytes_out
            """,
            [.number(hour), .number(more.milliseconds), .number(more.strangers ? 1 : 0)]
                + [
                    more.requests, more.errors, more.refused, more.routeRefusals, more.shadowRefusals, more.cut, more.tlsFailures,
                    more.bytesIn, more.bytesOut,
                ].map { .number(Int64(clamping: $0)) })
    }

    /// Rows that are too old end, and those of hours that a calendar which was wrong had put ahead.
    static func prune(at now: WallTime, in connection: borrowing SQLConnection) throws(LedgerError) {
        let hour = now.hour
        for table in ["traffic", "door_hours"] {
            try connection.execute("DELETE FROM \(table) WHERE hour < ? OR hour > ?", [.number(hour - days * 24), .number(hour + 1)])
        }
    }

    // MARK: Reading

    /// Hours since `hour`, that one included, the earliest first.
    static func hours(since hour: Int64, from connection: borrowing SQLConnection) throws(LedgerError) -> [(hour: Int64, door: DoorHour)] {
        var hours: [(Int64, DoorHour)] = []
        let columns = doorColumns.joined(separator: ", ")
        try connection.rows("SELECT hour, \(columns) FROM door_hours WHERE hour >= ? ORDER BY hour", [.number(hour)]) { row in
            guard let hour = row.number(0) else { return }
            hours.append((hour, door(row, from: 1)))
        }
        return hours
    }

    private static let doorColumns = [
        "milliseconds", "strangers", "requests", "errors", "refused", "route_refusals", "shadow_refusals", "cut", "tls_failures",
        "bytes_in", "bytes_out",
    ]

    private static func door(_ row: borrowing SQLStatement, from column: Int32) -> DoorHour {
        DoorHour(
            milliseconds: row.number(column) ?? 0, strangers: row.number(column + 1) == 1, requests: row.count(column + 2),
            errors: row.count(column + 3), refused: row.count(column + 4), routeRefusals: row.count(column + 5),
            shadowRefusals: row.count(column + 6), cut: row.count(column + 7), tlsFailures: row.count(column + 8),
            bytesIn: row.count(column + 9), bytesOut: row.count(column + 10))
    }

    /// By hour and label.
    static func traffic(
        since hour: Int64, from connection: borrowing SQLConnection
    ) throws(LedgerError) -> [Int64: [String: TrafficHour]] {
        var traffic: [Int64: [String: TrafficHour]] = [:]
        try connection.rows(
            "SELECT hour, label, succeeded, failed, bytes_in, bytes_out FROM traffic WHERE hour >= ?", [.number(hour)]
        ) { row in
            guard let hour = row.number(0), let label = row.text(1) else { return }
            traffic[hour, default: [:]][label] = TrafficHour(
                succeeded: row.count(2), failed: row.count(3), bytesIn: row.count(4), bytesOut: row.count(5))
        }
        return traffic
    }

    /// Labels that came for the first time in this hour or later, as far as that is kept.
    static func newcomers(since hour: Int64, from connection: borrowing SQLConnection) throws(LedgerError) -> Set<String> {
        var labels: Set<String> = []
        try connection.rows(
            """
            SELECT label FROM traffic WHERE hour >= ?1 EXCEPT SELECT label FROM traffic WHERE hour < ?1
            """, [.number(hour)]
        ) { row in if let label = row.text(0) { labels.insert(label) } }
        return labels
    }
}

extension SQLStatement {
    /// 0 for NULL, and for what another hand has made negative.
    fileprivate func count(_ column: Int32) -> UInt64 { UInt64(clamping: number(column) ?? 0) }
}
