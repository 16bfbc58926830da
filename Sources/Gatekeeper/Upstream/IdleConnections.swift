/// One worker's kept connections to one ticket system: each source's own, the newest first, and all of them by age.
///
/// ```
///   all        oldest ⇄ · ⇄ · ⇄ · ⇄ · ⇄ newest          in the order in which they were added
///   source A            · ⇄ ⇄ ⇄ ⇄ ⇄ · newest of A       the same order, with gaps
/// ```
///
/// Places in an array that know their neighbours in both lists, so that nothing here takes longer the more there are: adding, taking a source's
/// newest, and removing any of them, are O(1).
struct IdleConnections {
    private struct Place {
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

    private var places: [Place] = []
    private var vacant: [Int] = []
    private var shelves: [Shelf] = []
    private var shelfOfSource: [PeerAddress: Int] = [:]
    private var oldestPlace = -1
    private var newestPlace = -1
    private(set) var count = 0

    /// Sources without a connection that are remembered.
    private static let strayMax = 64

    var isEmpty: Bool { count == 0 }

    var oldest: UpstreamConnection? { oldestPlace < 0 ? nil : places[oldestPlace].connection }

    /// The next newer one, of whatever source.
    func newer(than connection: UpstreamConnection) -> UpstreamConnection? {
        let index = places[connection.place].newer
        return index < 0 ? nil : places[index].connection
    }

    /// The oldest that isn't this source's; looks past as many of its own as are older.
    func oldest(butNotOf source: PeerAddress) -> UpstreamConnection? {
        var index = oldestPlace
        while index >= 0, places[index].connection?.source == source { index = places[index].newer }
        return index < 0 ? nil : places[index].connection
    }

    func newest(of source: PeerAddress) -> UpstreamConnection? {
        guard let shelf = shelfOfSource[source] else { return nil }
        let index = shelves[shelf].newest
        return index < 0 ? nil : places[index].connection
    }

    func count(of source: PeerAddress) -> Int { shelfOfSource[source].map { shelves[$0].count } ?? 0 }

    /// The next older one of the same source.
    func older(than connection: UpstreamConnection) -> UpstreamConnection? {
        let index = places[connection.place].olderOfSource
        return index < 0 ? nil : places[index].connection
    }

    mutating func add(_ connection: UpstreamConnection) {
        let index = vacant.popLast() ?? places.count
        if index == places.count { places.append(Place()) }
        let shelf = shelf(for: connection)
        let older = shelves[shelf].newest
        places[index] = Place(connection: connection, older: newestPlace, olderOfSource: older)
        connection.place = index
        if older >= 0 { places[older].newerOfSource = index }
        shelves[shelf].newest = index
        shelves[shelf].count += 1
        if newestPlace >= 0 { places[newestPlace].newer = index } else { oldestPlace = index }
        newestPlace = index
        count += 1
    }

    /// The one that it lay on before, as a rule.
    private mutating func shelf(for connection: UpstreamConnection) -> Int {
        let (source, last) = (connection.source, connection.shelf)
        if last >= 0, last < shelves.count, shelves[last].source == source { return last }
        if let found = shelfOfSource[source] {
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
        for (number, shelf) in shelves.enumerated() { shelfOfSource[shelf.source] = number }
        // Whoever lies on one is put right here; others are when they come back.
        var next = oldest
        while let connection = next {
            connection.shelf = shelfOfSource[connection.source] ?? -1
            next = newer(than: connection)
        }
    }

    mutating func remove(_ connection: UpstreamConnection) {
        let index = connection.place
        let place = places[index]
        if place.older >= 0 { places[place.older].newer = place.newer } else { oldestPlace = place.newer }
        if place.newer >= 0 { places[place.newer].older = place.older } else { newestPlace = place.older }
        if place.olderOfSource >= 0 { places[place.olderOfSource].newerOfSource = place.newerOfSource }
        if place.newerOfSource >= 0 {
            places[place.newerOfSource].olderOfSource = place.olderOfSource
        } else {
            shelves[connection.shelf].newest = place.olderOfSource
        }
        shelves[connection.shelf].count -= 1
        places[index] = Place()
        vacant.append(index)
        connection.place = -1
        count -= 1
    }
}
