import Gatekeeper

@testable import gatekeeperd

/// A ledger in a folder of its own, with a clock that the test moves.
final class GrantScene {
    let folder: ScratchFolder
    let book: GrantBook
    let ledger: Ledger
    var now = GrantScene.start

    static let start = WallTime(milliseconds: 1_800_000_000_000)
    static let alice = Requester(user: 1000, name: "alice")
    static let bob = Requester(user: 1001, name: nil)

    /// In the folder of another scene, as after a restart.
    init(folder: ScratchFolder? = nil, now: WallTime = GrantScene.start) throws {
        self.folder = try folder ?? ScratchFolder()
        self.now = now
        ledger = try Ledger(folder: self.folder.path, at: now)
        book = try GrantBook(ledger)
    }

    var path: String { folder.file("ledger.sqlite") }

    func pass(seconds: Int) { now = now.advanced(byMilliseconds: Int64(seconds) * 1000) }

    @discardableResult
    func grant(
        _ address: String, seconds: Int = 3600, reason: String = "update", label: String? = nil, by requester: Requester = alice
    ) throws -> GrantOutcome {
        try book.grant(try GrantRequest(address: address, seconds: seconds, reason: reason, label: label), by: requester, at: now)
    }

    func expire() -> [Grant] { book.expire(at: now) }

    var active: [String] { book.active(at: now).map(\.address.description) }

    /// No further page fits from now on: what SQLite sees of a full disk.
    func fillDisk() throws {
        try ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        // A single page may have room for a small row yet; none has for a page's worth.
        try ledger.connection.execute("PRAGMA max_page_count = 1")
    }

    func freeDisk() throws { try ledger.connection.execute("PRAGMA max_page_count = 1000000") }
}

func prefix(_ text: String) throws -> AddressPrefix { try AddressPrefix(parsing: text) }

func peer(_ text: String) throws -> PeerAddress { try PeerAddress(parsing: text) }
