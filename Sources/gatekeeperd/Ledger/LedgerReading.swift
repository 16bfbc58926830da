internal import Gatekeeper

/// The ledger of a service that doesn't run, read without changing anything in it.
enum LedgerReading {
    /// What was learned of requests; a ledger from before that was done has nothing.
    static func learned(_ query: LearnedQuery, folder: String, at now: WallTime) throws(LedgerError) -> LearnedReport {
        let connection = try open(folder)
        guard try hasTable("learned", in: connection) else {
            return LearnedReport(since: now.advanced(byMilliseconds: -Int64(query.seconds) * 1000))
        }
        return try LearnedTable.report(query, at: now, from: connection)
    }

    /// What is there of denials; a ledger from before they were kept has none.
    static func denials(_ query: DenialQuery, folder: String, at now: WallTime) throws(LedgerError) -> DenialReport {
        let connection = try open(folder)
        guard try hasTable("denials", in: connection) else {
            return DenialReport(since: now.advanced(byMilliseconds: -Int64(query.seconds) * 1000))
        }
        let grants = try GrantTable.newest(GrantBook.countMax, in: connection)
        return try DenialTable.report(query, grants: grants, at: now, from: connection)
    }

    private static func hasTable(_ name: String, in connection: borrowing SQLConnection) throws(LedgerError) -> Bool {
        try connection.number("SELECT count(*) FROM sqlite_schema WHERE name = '\(name)'") == 1
    }

    private static func open(_ folder: String) throws(LedgerError) -> SQLConnection {
        let path = folder + "/" + LedgerFile.name
        guard FileStamp(path: path) != nil else {
            let advice = "a service keeps it in the folder that state: names; name its configuration with --config"
            throw LedgerError(cause: .broken, message: "there is no ledger in \(folder) (or it may not be read): \(advice)")
        }
        let connection = try SQLConnection(path: path, access: .reading)
        let version = try connection.number("PRAGMA user_version")
        guard version <= LedgerFile.version else {
            throw LedgerError(
                cause: .newer,
                message: "\(path) was written by a newer version (its form is \(version), this one knows \(LedgerFile.version))")
        }
        return connection
    }
}
