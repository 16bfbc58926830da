internal import Gatekeeper

/// Grants as rows of the ledger.
enum GrantTable {
    private static let columns = """
        id, address, reason, made_at, made_by, made_by_name, ends_at, extended_at, extended_by, extended_by_name, \
        first_used_at, ended_at, ending, ended_by, ended_by_name, label
        """

    /// Those without an ending.
    static func current(in connection: borrowing SQLConnection) throws(LedgerError) -> [Grant] {
        try read("WHERE ended_at IS NULL ORDER BY id", [], in: connection)
    }

    /// The newest first.
    static func newest(_ countMax: Int, in connection: borrowing SQLConnection) throws(LedgerError) -> [Grant] {
        try read("ORDER BY id DESC LIMIT ?", [.number(Int64(countMax))], in: connection)
    }

    static func insert(
        _ request: GrantRequest, by requester: Requester, at now: WallTime, endsAt: WallTime, into connection: borrowing SQLConnection
    ) throws(LedgerError) -> Grant {
        try connection.execute(
            "INSERT INTO grants (address, reason, made_at, made_by, made_by_name, ends_at, label) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                .text(request.address.description), .text(request.reason), .number(now.milliseconds), .number(Int64(requester.user)),
                .text(requester.name), .number(endsAt.milliseconds), .text(request.label),
            ])
        return Grant(
            identifier: connection.insertedRow, address: request.address, reason: request.reason, madeAt: now, madeBy: requester,
            endsAt: endsAt, label: request.label)
    }

    /// Writes everything that can change.
    static func update(_ grant: Grant, in connection: borrowing SQLConnection) throws(LedgerError) {
        let (ending, endedBy): (String?, Requester?) =
            switch grant.ending?.how {
            case .expired: ("expired", nil)
            case .revoked(let requester): ("revoked", requester)
            case nil: (nil, nil)
            }
        try connection.execute(
            """
            UPDATE grants SET reason = ?, ends_at = ?, extended_at = ?, extended_by = ?, extended_by_name = ?, first_used_at = ?,
                ended_at = ?, ending = ?, ended_by = ?, ended_by_name = ?, label = ? WHERE id = ?
            """,
            [
                .text(grant.reason), .number(grant.endsAt.milliseconds), .number(grant.extended?.at.milliseconds),
                .number(grant.extended.map { Int64($0.by.user) }), .text(grant.extended?.by.name),
                .number(grant.firstUsedAt?.milliseconds), .number(grant.ending?.at.milliseconds), .text(ending),
                .number(endedBy.map { Int64($0.user) }), .text(endedBy?.name), .text(grant.label),
                .number(grant.identifier),
            ])
    }

    private static func read(
        _ condition: String, _ values: [SQLValue], in connection: borrowing SQLConnection
    ) throws(LedgerError) -> [Grant] {
        var grants: [Grant] = []
        try connection.rows("SELECT \(columns) FROM grants \(condition)", values) { row in
            if let grant = grant(row) { grants.append(grant) }
        }
        return grants
    }

    /// Nil for a row that another hand has written and that makes no grant: it admits nobody.
    private static func grant(_ row: borrowing SQLStatement) -> Grant? {
        guard let identifier = row.number(0), let text = row.text(1), let address = try? GrantRequest.address(text),
            let reason = row.text(2), let madeAt = time(row, 3), let madeBy = requester(row, 4), let endsAt = time(row, 6)
        else { return nil }
        var grant = Grant(identifier: identifier, address: address, reason: reason, madeAt: madeAt, madeBy: madeBy, endsAt: endsAt)
        if let at = time(row, 7), let by = requester(row, 8) { grant.extended = Grant.Extension(at: at, by: by) }
        grant.firstUsedAt = time(row, 10)
        grant.label = row.text(15)
        guard let endedAt = time(row, 11) else { return grant }
        switch (row.text(12), requester(row, 13)) {
        case ("revoked", let by?): grant.ending = Grant.Ending(at: endedAt, how: .revoked(by: by))
        default: grant.ending = Grant.Ending(at: endedAt, how: .expired)
        }
        return grant
    }

    private static func time(_ row: borrowing SQLStatement, _ column: Int32) -> WallTime? {
        row.number(column).map { WallTime(milliseconds: $0) }
    }

    /// The number stands in `column`, the name in the one behind it.
    private static func requester(_ row: borrowing SQLStatement, _ column: Int32) -> Requester? {
        row.number(column).flatMap { UInt32(exactly: $0) }.map { Requester(user: $0, name: row.text(column + 1)) }
    }
}
