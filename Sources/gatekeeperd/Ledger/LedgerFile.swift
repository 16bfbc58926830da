internal import Gatekeeper

/// The database's file: made, opened and brought to the present form, or set aside when it is damaged.
enum LedgerFile {
    static let name = "ledger.sqlite"
    /// The form that this program writes; `user_version` in the file. A step of `migrations` leads from each to the next.
    static let version: Int64 = Int64(migrations.count)

    /// None is ever changed: a ledger that has gone by it doesn't go by it again.
    static let migrations = [
        """
        CREATE TABLE grants (
            id INTEGER PRIMARY KEY,
            address TEXT NOT NULL,
            reason TEXT NOT NULL,
            made_at INTEGER NOT NULL,
            made_by INTEGER NOT NULL,
            made_by_name TEXT,
            ends_at INTEGER NOT NULL,
            extended_at INTEGER,
            extended_by INTEGER,
            extended_by_name TEXT,
            first_used_at INTEGER,
            ended_at INTEGER,
            ending TEXT CHECK (ending IN ('expired', 'revoked')),
            ended_by INTEGER,
            ended_by_name TEXT,
            CHECK ((ended_at IS NULL) = (ending IS NULL))
        ) STRICT
        """,
        "CREATE UNIQUE INDEX grants_current ON grants (address) WHERE ended_at IS NULL",
        """
        CREATE TABLE trial (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            file TEXT NOT NULL,
            text TEXT NOT NULL,
            ends_at INTEGER NOT NULL,
            asked_by INTEGER NOT NULL,
            asked_by_name TEXT
        ) STRICT
        """,
        """
        CREATE TABLE denials (
            hour INTEGER NOT NULL,
            peer TEXT NOT NULL,
            reason TEXT NOT NULL,
            count INTEGER NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            sources INTEGER NOT NULL,
            PRIMARY KEY (hour, peer, reason)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS sources (
            address TEXT PRIMARY KEY,
            listed_at INTEGER NOT NULL,
            seen_at INTEGER
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS told (
            notifier TEXT NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            text TEXT NOT NULL,
            cure TEXT NOT NULL,
            since INTEGER NOT NULL
        ) STRICT
        """,
        "ALTER TABLE grants ADD COLUMN label TEXT",
        """
        CREATE TABLE IF NOT EXISTS learned (
            day INTEGER NOT NULL,
            label TEXT NOT NULL,
            method TEXT NOT NULL,
            template TEXT NOT NULL,
            c2 INTEGER NOT NULL,
            c3 INTEGER NOT NULL,
            c4 INTEGER NOT NULL,
            c5 INTEGER NOT NULL,
            last_failure INTEGER NOT NULL,
            first_at INTEGER NOT NULL,
            last_at INTEGER NOT NULL,
            PRIMARY KEY (day, label, method, template)
        ) STRICT, WITHOUT ROWID
        """,
        // What the door remembers of its days: traffic by the hour, its own runs, silences, changes.
        """
        CREATE TABLE IF NOT EXISTS traffic (
            hour INTEGER NOT NULL,
            label TEXT NOT NULL,
            succeeded INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            bytes_in INTEGER NOT NULL,
            bytes_out INTEGER NOT NULL,
            PRIMARY KEY (hour, label)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS door_hours (
            hour INTEGER PRIMARY KEY,
            milliseconds INTEGER NOT NULL,
            strangers INTEGER NOT NULL,
            requests INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            refused INTEGER NOT NULL,
            route_refusals INTEGER NOT NULL,
            shadow_refusals INTEGER NOT NULL,
            cut INTEGER NOT NULL,
            tls_failures INTEGER NOT NULL,
            bytes_in INTEGER NOT NULL,
            bytes_out INTEGER NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE IF NOT EXISTS runs (
            id INTEGER PRIMARY KEY,
            began_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            ended_at INTEGER
        ) STRICT
        """,
        """
        CREATE TABLE IF NOT EXISTS silences (
            label TEXT NOT NULL,
            since INTEGER NOT NULL,
            said_at INTEGER NOT NULL,
            usual TEXT NOT NULL,
            back_at INTEGER,
            PRIMARY KEY (label, since)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS changes (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            requester TEXT NOT NULL,
            text TEXT NOT NULL
        ) STRICT
        """,
        "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        "ALTER TABLE runs ADD COLUMN untold_since INTEGER",
    ]

    /// The open database, and under which name a damaged one was set aside on the way.
    struct Opened: ~Copyable {
        let connection: SQLConnection
        let setAside: String?
    }

    static func open(folder: String, at now: WallTime) throws(LedgerError) -> Opened {
        let path = folder + "/" + name
        do {
            return Opened(connection: try open(path, folder: folder), setAside: nil)
        } catch {
            guard error.cause == .corrupt else { throw error }
            let other = try setAside(path, at: now)
            return Opened(connection: try open(path, folder: folder), setAside: other)
        }
    }

    private static func open(_ path: String, folder: String) throws(LedgerError) -> SQLConnection {
        do {
            try StateFolder.prepare(folder, file: path)
        } catch {
            throw LedgerError(cause: StateFolder.isFull(error) ? .full : .broken, message: "cannot \(error)")
        }
        let connection = try SQLConnection(path: path)
        // Looked at before anything is written: what a newer version has made isn't ours to change.
        let found = try connection.number("PRAGMA user_version")
        guard found <= version, found >= 0 else {
            throw LedgerError(
                cause: .newer,
                message: "\(path) was written by a newer version (its form is \(found), this one knows \(version)); it is left untouched")
        }
        for pragma in ["journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF", "cell_size_check = ON"] {
            try connection.execute("PRAGMA " + pragma)
        }
        try checkIntegrity(connection, path)
        if found < version { try migrate(connection, from: Int(found)) }
        return connection
    }

    private static func checkIntegrity(_ connection: borrowing SQLConnection, _ path: String) throws(LedgerError) {
        var verdict = "no answer"
        try connection.rows("PRAGMA integrity_check(1)") { row in verdict = row.text(0) ?? verdict }
        guard verdict == "ok" else { throw LedgerError(cause: .corrupt, message: "\(path) is damaged: \(verdict)") }
    }

    /// In one transaction, so that a form is there whole or not at all.
    private static func migrate(_ connection: borrowing SQLConnection, from found: Int) throws(LedgerError) {
        try connection.transaction { () throws(LedgerError) in
            for step in migrations[found...] { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = \(version)")
        }
    }

    /// With what SQLite keeps beside it. The log of changes goes first: left alone, it might be taken for the new database's. Returns the
    /// new name.
    private static func setAside(_ path: String, at now: WallTime) throws(LedgerError) -> String {
        do {
            return try StateFolder.setAside(path, suffixes: ["-wal", "-shm", ""], as: "\(path).corrupt-\(now.compactText)")
        } catch {
            throw LedgerError(cause: .broken, message: "\(path) is damaged, and it was not possible to \(error)")
        }
    }
}
