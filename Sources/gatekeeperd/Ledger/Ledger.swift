/// What must outlive the daemon, in a SQLite database in the `state` folder.
///
/// It belongs to the control thread. Nothing that serves a connection waits for it: who asks for something that the disk refuses gets an
/// error, and what is in memory goes on.
final class Ledger {
    /// Where a damaged database was put when this one was begun; an admin should hear of it.
    let setAside: String?
    let connection: SQLConnection

    /// Opens the database in `folder`, or makes one.
    init(folder: String, at now: WallTime) throws(LedgerError) {
        let opened = try LedgerFile.open(folder: folder, at: now)
        setAside = opened.setAside
        connection = opened.connection
    }

    /// All of `body` or nothing of it, without waiting for the disk: what it has written outlives the process, and may be lost with the machine.
    /// For counts that are written every second.
    func hastily(_ body: () throws(LedgerError) -> Void) throws(LedgerError) {
        try connection.execute("PRAGMA synchronous = NORMAL")
        defer { try? connection.execute("PRAGMA synchronous = FULL") }
        try connection.transaction(body)
    }
}
