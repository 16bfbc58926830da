/// One worker's kept connections to one ticket system: each source's own, the newest first, and all of them by age.
///
/// ```
///   all        oldest ⇄ · ⇄ · ⇄ · ⇄ · ⇄ newest          in the order in which they were added
///   source A            · ⇄ ⇄ ⇄ ⇄ ⇄ · newest of A       the same order, with gaps
/// ```
///
/// Entries of an array that know their neighbours in both lists, so that nothing here takes longer the more there are: adding, taking a source's
/// newest, and removing any of them, are O(1).
struct IdleConnections {
    private struct Entry {
        var connection: UpstreamConnection?
        var older = -1
        var newer = -1
        var olderOfSource = -1
        var newerOfSource = -1
    }

    /// A source's own. It stays for a while when it is empty: the source comes back with its next request as a rule.
    private struct Shelf {
        let source: PeerAddress
        var newest = -1
        var count = 0
    }

    private var entries: [Entry] = []
    private var vacant: [Int] = []
    private var shelves: [Shelf] = []
    private var shelfOfSource: [PeerAddress: Int] = [:]
    /// Where something was put last: its source is the next to ask, as a rule, and needn't be hashed for that.
    private var recentShelf = -1
    private var oldestIndex = -1
    private var newestIndex = -1
    private(set) var count = 0

    /// Sources without a connection that are remembered.
    private static let strayMax = 64

    var isEmpty: Bool { count == 0 }

    var oldest: UpstreamConnection? { oldestIndex < 0 ? nil : entries[oldestIndex].connection }

    /// The next newer one, of whatever source.
    func newer(than connection: UpstreamConnection) -> UpstreamConnection? {
        let index = entries[connection.idleIndex].newer
        return index < 0 ? nil : entries[index].connection
    }

    /// The oldest that isn't this source's; looks past as many of its own as are older.
    func oldest(butNotOf source: PeerAddress) -> UpstreamConnection? {
        var index = oldestIndex
        while index >= 0, entries[index].connection?.source == source { index = entries[index].newer }
        return index < 0 ? nil : entries[index].connection
    }

    private func shelf(of source: PeerAddress) -> Int? {
        if recentShelf >= 0, shelves[recentShelf].source == source { return recentShelf }
        return shelfOfSource[source]
    }

    func newest(of source: PeerAddress) -> UpstreamConnection? {
        guard let shelf = shelf(of: source) else { return nil }
        let index = shelves[shelf].newest
        return index < 0 ? nil : entries[index].connection
    }

    func count(of source: PeerAddress) -> Int { shelf(of: source).map { shelves[$0].count } ?? 0 }

    /// The next older one of the same source.
    func older(than connection: UpstreamConnection) -> UpstreamConnection? {
        let index = entries[connection.idleIndex].olderOfSource
        return index < 0 ? nil : entries[index].connection
    }

    mutating func add(_ connection: UpstreamConnection) {
        let index = vacant.popLast() ?? entries.count
        if index == entries.count { entries.append(Entry()) }
        let shelf = shelf(for: connection)
        recentShelf = shelf
        let older = shelves[shelf].newest
        entries[index] = Entry(connection: connection, older: newestIndex, olderOfSource: older)
        connection.idleIndex = index
        if older >= 0 { entries[older].newerOfSource = index }
        shelves[shelf].newest = index
        shelves[shelf].count += 1
        if newestIndex >= 0 { entries[newestIndex].newer = index } else { oldestIndex = index }
        newestIndex = index
        count += 1
    }

    /// The one that it lay on before, as a rule.
    private mutating func shelf(for connection: UpstreamConnection) -> Int {
        let (source, last) = (connection.source, connection.shelf)
        if last >= 0, last < shelves.count, shelves[last].source == source { return last }
        if let found = shelf(of: source) {
            connection.shelf = found
            return found
        }
        if shelves.count > count + Self.strayMax { forgetStrays() }
        connection.shelf = shelves.count
        shelfOfSource[source] = shelves.count
        shelves.append(Shelf(source: source))
        return connection.shelf
    }

    private mutating func forgetStrays() {
        shelves.removeAll { $0.newest < 0 }
        shelfOfSource.removeAll(keepingCapacity: true)
        recentShelf = -1
        for (number, shelf) in shelves.enumerated() { shelfOfSource[shelf.source] = number }
        // Whoever lies on one is put right here; others are when they come back.
        var next = oldest
        while let connection = next {
            connection.shelf = shelfOfSource[connection.source] ?? -1
            next = newer(than: connection)
        }
    }

    mutating func remove(_ connection: UpstreamConnection) {
        let index = connection.idleIndex
        let entry = entries[index]
        if entry.older >= 0 { entries[entry.older].newer = entry.newer } else { oldestIndex = entry.newer }
        if entry.newer >= 0 { entries[entry.newer].older = entry.older } else { newestIndex = entry.older }
        if entry.olderOfSource >= 0 { entries[entry.olderOfSource].newerOfSource = entry.newerOfSource }
        if entry.newerOfSource >= 0 {
            entries[entry.newerOfSource].olderOfSource = entry.olderOfSource
        } else {
            shelves[connection.shelf].newest = entry.olderOfSource
        }
        shelves[connection.shelf].count -= 1
        entries[index] = Entry()
        vacant.append(index)
        connection.idleIndex = -1
        count -= 1
    }
}
