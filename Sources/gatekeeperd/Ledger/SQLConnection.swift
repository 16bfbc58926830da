internal import CSQLite
internal import Glibc

/// An open SQLite database, closed with its owner.
///
/// One thread's: SQLite is told to take no locks of its own between threads.
// SAFETY: the pointer is private, opened in `init` and closed in `deinit`; what SQLite returns is copied at once.
@safe struct SQLConnection: ~Copyable {
    private let database: OpaquePointer
    private let path: String

    /// For how long another process may hold the database before we give up; the control thread waits meanwhile, the workers don't.
    private static let busyTimeoutMilliseconds: Int32 = 500

    /// What the owner means to do.
    enum Access {
        case reading
        case writing
    }

    /// Opens a file that is there. A link in the place of the file is refused.
    init(path: String, access: Access = .writing) throws(LedgerError) {
        var opened: OpaquePointer?
        let flags =
            (access == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW
            | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let database = unsafe opened else {
            let error = unsafe Self.error(code, opened, path)
            // SAFETY: also after a failure there may be something to close; closing nothing is allowed.
            unsafe sqlite3_close_v2(opened)
            throw error
        }
        unsafe self.database = database
        self.path = path
        unsafe sqlite3_busy_timeout(database, Self.busyTimeoutMilliseconds)
    }

    deinit {
        // SAFETY: nobody else holds the pointer; statements that are still open keep it until they are finalized.
        unsafe sqlite3_close_v2(database)
    }

    /// Runs one statement without results.
    func execute(_ text: String, _ values: [SQLValue] = []) throws(LedgerError) {
        try rows(text, values) { _ in }
    }

    /// Runs one statement and shows each row of its result to `body`.
    func rows(_ text: String, _ values: [SQLValue] = [], _ body: (borrowing SQLStatement) throws(LedgerError) -> Void) throws(LedgerError) {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v2(database, text, -1, &prepared, nil)
        guard code == SQLITE_OK, let pointer = unsafe prepared else { throw failure(code) }
        let statement = unsafe SQLStatement(pointer)
        for (index, value) in values.enumerated() {
            let code = statement.bind(value, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw failure(code) }
        }
        while true {
            switch statement.step() {
            case SQLITE_ROW: try body(statement)
            case SQLITE_DONE: return
            case let code: throw failure(code)
            }
        }
    }

    /// The first column of the first row as a number, 0 without one.
    func number(_ text: String) throws(LedgerError) -> Int64 {
        var number: Int64 = 0
        try rows(text) { row in number = row.number(0) ?? 0 }
        return number
    }

    /// The number of the row that was inserted last.
    var insertedRow: Int64 { unsafe sqlite3_last_insert_rowid(database) }

    /// All of `body` or nothing of it.
    func transaction<Result>(_ body: () throws(LedgerError) -> Result) throws(LedgerError) -> Result {
        // At once for writing: a reader that becomes a writer may find that it can't, and then can't wait either.
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // SQLite has rolled back by itself after some errors; then this fails, and nothing is lost.
            try? execute("ROLLBACK")
            throw error
        }
    }

    private func failure(_ code: Int32) -> LedgerError { unsafe Self.error(code, database, path) }

    private static func error(_ code: Int32, _ database: OpaquePointer?, _ path: String) -> LedgerError {
        // SAFETY: both functions return strings of SQLite's that stay until the next call on the connection, and are copied.
        let words = unsafe database.flatMap { unsafe sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        let reason = unsafe words.flatMap { unsafe String(validatingCString: $0) } ?? "error \(code)"
        // The low byte is the kind, the rest tells kinds of input and output errors apart.
        let kind = code & 0xff
        // A failure to make one of the files beside the database is called another error, though the reason is the same.
        // SAFETY: only asked of a connection that is there.
        let systemCode = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN ? unsafe database.map { unsafe sqlite3_system_errno($0) } : nil
        switch kind {
        case SQLITE_FULL,
            _ where [ENOSPC, EDQUOT, EFBIG].contains(systemCode):
            return LedgerError(cause: .full, message: "there is no room left for \(path)")
        case SQLITE_BUSY, SQLITE_LOCKED:
            return LedgerError(cause: .busy, message: "another process holds \(path)")
        case SQLITE_CORRUPT, SQLITE_NOTADB: return LedgerError(cause: .corrupt, message: "\(path) is damaged: \(reason)")
        default: return LedgerError(cause: .broken, message: "\(path) can't be used: \(reason) (\(code))")
        }
    }
}
