/// Which methods and path templates each label uses, counted by the day: what `learn` keeps of requests.
///
/// Only of what the ticket system has answered, never of queries and bodies. A request with a name that hasn't come often enough waits, by
/// hashes alone, until it is kept or the day is over; then it counts as what it is called by.
package struct RequestLearner: Sendable {
    private var key = LearnerKey()
    private var day: Int64 = 0
    private var labels: [String: Int] = [:]
    private var states: [State] = []
    private var rows: [LearnedRequest] = []
    /// Rows that nodes remember are those of this number: another day and another take have others.
    private var epoch = 1
    private var lost: UInt64 = 0
    private var path = LearnedPath()
    /// Positions that a ledger hasn't heard of yet.
    private var opened: [OpenedPosition] = []

    static let labelsMax = 1_000
    /// Of all labels, between two takes.
    static let rowsMax = 20_000
    /// Of one label, between two takes: twice what a ledger has room for, so that nobody takes others' room.
    static let labelRowsMax = 1_000
    /// Requests of one label by different paths that wait.
    static let waitingMax = 512
    /// Methods beyond these are no API's, and their names may be anything.
    static let methods = ["GET", "POST", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"]

    static let dayMilliseconds: Int64 = 86_400_000

    package init() {}

    /// Of a label.
    private struct State: Sendable {
        let label: String
        var tree = LearnedTree()
        var waiting: [UInt64: Waiting] = [:]
        /// Since the last take.
        var rowCount = 0
    }

    private struct Waiting: Sendable {
        var method: Int
        var segments: [LearnedPath.Segment]
        var row: LearnedRequest
    }

    /// Counts a request that the ticket system has answered.
    ///
    /// - Parameter target: a path, with or without a query.
    package mutating func note(
        label: String, method: Span<UInt8>, target: Span<UInt8>, isCut: Bool = false, status: UInt16, wallMilliseconds: Int64
    ) {
        follow(wallMilliseconds)
        guard !isCut, let method = Self.index(of: method), let state = state(label) else { return lost &+= 1 }
        guard path.read(target, key: key) else { return count(status, state, LearnedTree.ambiguous, method, wallMilliseconds) }
        guard LearnedRequest.isGood(status) else {
            let node = states[state].tree.guess(path)
            return count(status, state, node, method, wallMilliseconds)
        }
        let place = states[state].tree.learn(path, of: target, key: key)
        let waiting = key.hash(place.path, UInt64(method) + 1)
        if place.isSettled {
            count(status, state, place.node, method, wallMilliseconds)
            guard !states[state].waiting.isEmpty, let others = states[state].waiting.removeValue(forKey: waiting) else { return }
            add(others.row, state, place.node, method)
        } else if states[state].waiting[waiting] != nil {
            states[state].waiting[waiting]?.row.count(status, at: wallMilliseconds)
        } else if states[state].waiting.count < Self.waitingMax {
            var row = none(of: label, method, "", wallMilliseconds)
            row.count(status, at: wallMilliseconds)
            states[state].waiting[waiting] = Waiting(method: method, segments: path.segments, row: row)
        } else {
            count(status, state, place.node, method, wallMilliseconds)
        }
    }

    private static func index(of method: Span<UInt8>) -> Int? {
        for (index, name) in methods.enumerated() {
            let bytes = name.utf8.span
            guard bytes.count == method.count else { continue }
            var isSame = true
            for index in bytes.indices where bytes[index] != method[index] { isSame = false }
            if isSame { return index }
        }
        return nil
    }

    /// Nil for a label too many.
    private mutating func state(_ label: String) -> Int? {
        if let known = labels[label] { return known }
        guard states.count < Self.labelsMax else { return nil }
        states.append(State(label: label))
        states[states.count - 1].tree.turn(to: key, day: day)
        labels[label] = states.count - 1
        return states.count - 1
    }

    private mutating func count(_ status: UInt16, _ state: Int, _ node: LearnedTree.Index, _ method: Int, _ milliseconds: Int64) {
        guard let row = row(state, node, method, milliseconds) else { return lost &+= 1 }
        rows[row].count(status, at: milliseconds)
    }

    private mutating func add(_ other: LearnedRequest, _ state: Int, _ node: LearnedTree.Index, _ method: Int) {
        guard let row = row(state, node, method, other.firstMilliseconds) else { return lost &+= other.count }
        rows[row].add(other)
    }

    /// Nil for a row too many.
    private mutating func row(_ state: Int, _ node: LearnedTree.Index, _ method: Int, _ milliseconds: Int64) -> Int? {
        if let row = states[state].tree.row(node, method: method, epoch: epoch) { return row }
        guard rows.count < Self.rowsMax, states[state].rowCount < Self.labelRowsMax else { return nil }
        states[state].rowCount += 1
        rows.append(none(of: states[state].label, method, states[state].tree.template(node), milliseconds))
        states[state].tree.setRow(rows.count - 1, node, method: method, epoch: epoch)
        return rows.count - 1
    }

    private func none(of label: String, _ method: Int, _ template: String, _ milliseconds: Int64) -> LearnedRequest {
        LearnedRequest(
            LearnedRequest.Key(day: day, label: label, method: Self.methods[method], template: template), firstMilliseconds: milliseconds,
            lastMilliseconds: milliseconds)
    }

    // MARK: Days

    /// A clock that was set back by less than a day stays on its day; one that was far ahead has gone back to the right one.
    private mutating func follow(_ wallMilliseconds: Int64) {
        let today = wallMilliseconds / Self.dayMilliseconds
        guard today > day || today < day - 1 else { return }
        settle()
        day = wallMilliseconds / Self.dayMilliseconds
        key = LearnerKey()
        epoch += 1
        for index in states.indices { states[index].tree.turn(to: key, day: day) }
    }

    /// What waits counts by what is known of it now.
    private mutating func settle() {
        for index in states.indices where !states[index].waiting.isEmpty {
            let waiting = states[index].waiting
            states[index].waiting = [:]
            for other in waiting.values {
                let node = states[index].tree.settle(other.segments)
                add(other.row, index, node, other.method)
            }
        }
    }

    // MARK: The ledger's side

    /// What was counted since the last call. There may be several rows of one key.
    ///
    /// - Parameter isLast: what waits doesn't wait any longer.
    package mutating func take(isLast: Bool, wallMilliseconds: Int64) -> LearnedTake {
        follow(wallMilliseconds)
        if isLast { settle() }
        var take = LearnedTake()
        (take.lost, take.opened) = (lost, opened)
        for index in states.indices {
            take.opened += states[index].tree.takeOpened(of: states[index].label)
            states[index].rowCount = 0
            take.waiting &+= states[index].waiting.values.reduce(0) { $0 &+ $1.row.count }
        }
        take.rows = rows
        if !take.opened.isEmpty {
            let parents = take.openedParents
            for index in take.rows.indices {
                let key = take.rows[index].key
                guard let opened = parents[LearnedTake.Owner(day: key.day, label: key.label)],
                    let other = OpenedPosition.revised(key.template, below: opened)
                else { continue }
                take.rows[index].key.template = other
            }
        }
        (rows, lost, opened) = ([], 0, [])
        epoch += 1
        return take
    }

    package mutating func putBack(_ take: LearnedTake) {
        lost &+= take.lost
        for row in take.rows {
            if rows.count < Self.rowsMax { rows.append(row) } else { lost &+= row.count }
        }
        opened += take.opened
    }

    /// Keeps what was learned before.
    ///
    /// - Parameter templates: the best known first.
    package mutating func know(_ templates: [LearnedTemplate], wallMilliseconds: Int64) {
        follow(wallMilliseconds)
        for known in templates {
            guard let state = state(known.label) else { continue }
            states[state].tree.know(known, key: key)
        }
    }
}

/// What was learned since the last time.
package struct LearnedTake: Sendable, Equatable {
    package var rows: [LearnedRequest] = []
    package var opened: [OpenedPosition] = []
    /// Requests that found no room, or were told by too little.
    package var lost: UInt64 = 0
    /// Requests of which it isn't known yet what they are called by; they come later.
    package var waiting: UInt64 = 0

    package init() {}

    /// Whose rows are revised.
    package struct Owner: Hashable {
        package var day: Int64
        package var label: String

        package init(day: Int64, label: String) {
            self.day = day
            self.label = label
        }
    }

    /// What was opened: by parent the names that stay below it.
    package var openedParents: [Owner: [String: Set<String>]] {
        opened.reduce(into: [:]) { $0[Owner(day: $1.day, label: $1.label), default: [:]][$1.parent] = $1.kept }
    }

    package var isEmpty: Bool { rows.isEmpty && opened.isEmpty && lost == 0 }
}
