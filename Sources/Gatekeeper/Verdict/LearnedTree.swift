/// The path templates of one label: a tree, whose names have come often enough to be kept.
///
/// ```
///   api ─ tickets.json                        /api/tickets.json
///   REST ─ 2.0 ─ ticket ─ {id} ─ history      /REST/2.0/ticket/{id}/history
/// ```
///
/// A name is kept when it has come in three requests of a day that the ticket system answered well, below the same template or below the same
/// path. Until then there is a hash of it and nothing else. Of a position with more than `namesMax` of them on a day none of that day is kept,
/// for they are customers or tickets, and not names of an API; what was known there before stays. Whoever floods it fills what is bounded
/// here, of his own label, and for a day: the next one begins with room (`turn`).
struct LearnedTree: Sendable {
    typealias Index = Int

    static let requestsMin: UInt8 = 3
    /// At one position, and of them those that are still known when the day is over.
    static let namesMax = 32
    static let namesKeptMax = 24
    static let nodesMax = 2_000
    static let nodesKeptMax = 1_500
    static let countsMax = 8_192

    /// These are there from the start: what lies above all paths, `/**`, and the paths that can be read in more than one way.
    private static let root: Index = 0
    private static let everything: Index = 1
    static let ambiguous: Index = 2

    private var nodes: [Node] = []
    /// How often names have come that aren't kept, by hash.
    private var counts: [UInt64: UInt8] = [:]
    /// Positions at which no name of the day is kept any more, since the last take; with the names that stay.
    private var opened: [(day: Int64, parent: String, kept: Set<String>)] = []
    /// Days since 1970.
    private var day: Int64 = 0

    private struct Node: Sendable {
        /// Without a slash at its end, but for `Child.end`.
        var template: String
        /// The last segment, if it is a name.
        var name = ""
        /// By hash of today.
        var names: [UInt64: Index] = [:]
        /// By `Child`; 0 for none.
        var children: InlineArray<5, Index> = .init(repeating: 0)
        /// Hashes of names that have come today and aren't kept.
        var unkept: Set<UInt64> = []
        /// There were too many names today.
        var isOpen = false
        /// When it came, in requests that were answered well.
        var firstDay: Int64
        var lastDay: Int64 = -1
        var days = 0
        /// By method, where the caller counts its requests; valid in the epoch.
        var rows: [Int] = []
        var epoch = 0
    }

    /// What isn't a name.
    private enum Child: Int {
        case unkept
        case any
        case seldom
        case end
        case rest

        var word: String {
            switch self {
            case .unkept: LearnedPlaceholder.unkept
            case .any: LearnedPlaceholder.any
            case .seldom: LearnedPlaceholder.seldom
            case .end: ""
            case .rest: "**"
            }
        }
    }

    /// Where a path leads.
    struct Place: Equatable {
        var node: Index = root
        /// No name in it may turn out to be kept yet.
        var isSettled = true
        /// Of all that has come by the same path.
        var path: UInt64 = 0
    }

    init() {
        nodes = ["", "/**", ""].map { Node(template: $0, firstDay: 0) }
        nodes[Self.root].children[Child.rest.rawValue] = Self.everything
    }

    func template(_ index: Index) -> String { nodes[index].template }

    // MARK: Rows

    /// Where the requests of a method are counted; nil where none are yet.
    func row(_ index: Index, method: Int, epoch: Int) -> Int? {
        guard nodes[index].epoch == epoch, method < nodes[index].rows.count, nodes[index].rows[method] >= 0 else { return nil }
        return nodes[index].rows[method]
    }

    mutating func setRow(_ row: Int, _ index: Index, method: Int, epoch: Int) {
        if nodes[index].epoch != epoch { (nodes[index].rows, nodes[index].epoch) = ([], epoch) }
        while nodes[index].rows.count <= method { nodes[index].rows.append(-1) }
        nodes[index].rows[method] = row
    }

    // MARK: Learning

    /// Learns from a request that was answered well.
    mutating func learn(_ path: LearnedPath, of target: Span<UInt8>, key: LearnerKey) -> Place {
        var place = Place()
        for depth in path.segments.indices {
            let segment = path.segments[depth]
            var next: Index?
            if depth < LearnedPath.depthMax {
                switch segment.kind {
                case .end: next = child(.end, below: place.node)
                case .unkept:
                    place.path = key.hash(place.path, 0)
                    next = child(.unkept, below: place.node)
                case .name:
                    place.path = key.hash(place.path, segment.hash)
                    next = named(segment, of: target, below: place, key: key)
                    if next == nil {
                        place.isSettled = false
                        next = child(.seldom, below: place.node)
                    }
                }
            }
            guard let next else {
                return Place(node: child(.rest, below: place.node) ?? Self.everything, isSettled: true, path: place.path)
            }
            place.node = next
            mark(next)
        }
        return place
    }

    /// It has come today.
    private mutating func mark(_ index: Index) {
        guard nodes[index].lastDay != day else { return }
        nodes[index].lastDay = day
        nodes[index].days += 1
    }

    /// Where a request leads that wasn't answered well, without learning anything of it. What isn't known is `/**`: a stranger's guesses are
    /// one template.
    mutating func guess(_ path: LearnedPath) -> Index {
        var index = Self.root
        for depth in path.segments.indices {
            guard depth < LearnedPath.depthMax, let next = known(path.segments[depth], below: index) else {
                return child(.rest, below: index) ?? Self.everything
            }
            index = next
        }
        return index
    }

    /// Where a request leads that was answered well, by what is known at the end of the day.
    mutating func settle(_ segments: [LearnedPath.Segment]) -> Index {
        var index = Self.root
        for depth in segments.indices {
            var next: Index?
            if depth < LearnedPath.depthMax {
                next = known(segments[depth], below: index)
                if next == nil {
                    switch segments[depth].kind {
                    case .end: next = child(.end, below: index)
                    case .unkept: next = child(.unkept, below: index)
                    case .name: next = child(nodes[index].isOpen ? .any : .seldom, below: index)
                    }
                }
            }
            guard let next else { return child(.rest, below: index) ?? Self.everything }
            index = next
            mark(next)
        }
        return index
    }

    private func known(_ segment: LearnedPath.Segment, below index: Index) -> Index? {
        let child: Child
        switch segment.kind {
        case .end: child = .end
        case .unkept: child = .unkept
        case .name:
            if let known = nodes[index].names[segment.hash] { return known }
            guard nodes[index].isOpen else { return nil }
            child = .any
        }
        let known = nodes[index].children[child.rawValue]
        return known > 0 ? known : nil
    }

    /// Nil where there is no room for more.
    private mutating func child(_ child: Child, below index: Index) -> Index? {
        let known = nodes[index].children[child.rawValue]
        if known > 0 { return known }
        guard nodes.count < Self.nodesMax else { return nil }
        nodes.append(Node(template: "\(nodes[index].template)/\(child.word)", firstDay: day))
        nodes[index].children[child.rawValue] = nodes.count - 1
        return nodes.count - 1
    }

    /// Nil for a name that isn't kept (yet).
    private mutating func named(_ segment: LearnedPath.Segment, of target: Span<UInt8>, below place: Place, key: LearnerKey) -> Index? {
        let index = place.node
        if let known = nodes[index].names[segment.hash] {
            // Whatever lies below a name that isn't kept yet has come by this path as well.
            if !place.isSettled { _ = count(place.path) }
            return known
        }
        if nodes[index].isOpen { return child(.any, below: index) }
        nodes[index].unkept.insert(segment.hash)
        guard nodes[index].unkept.count + nodes[index].names.count <= Self.namesMax else {
            open(index)
            return child(.any, below: index)
        }
        let times = max(count(key.hash(key.hash(UInt64(index), 1), segment.hash)), count(place.path))
        guard times >= Self.requestsMin, nodes.count < Self.nodesMax else { return nil }
        return keep(LearnedPath.text(of: segment, in: target), segment.hash, below: index)
    }

    private mutating func keep(_ name: String, _ hash: UInt64, below index: Index) -> Index {
        nodes.append(Node(template: "\(nodes[index].template)/\(name)", name: name, firstDay: day))
        nodes[index].names[hash] = nodes.count - 1
        nodes[index].unkept.remove(hash)
        return nodes.count - 1
    }

    /// Names of today are kept no longer, nor what was learned below them.
    private mutating func open(_ index: Index) {
        let names = nodes[index].names.filter { nodes[$0.value].firstDay < day }
        (nodes[index].isOpen, nodes[index].names, nodes[index].unkept) = (true, names, [])
        opened.append((day, nodes[index].template, Set(names.values.map { nodes[$0].name })))
    }

    private mutating func count(_ hash: UInt64) -> UInt8 {
        if let times = counts[hash] {
            counts[hash] = min(times, .max - 1) + 1
            return min(times, .max - 1) + 1
        }
        guard counts.count < Self.countsMax else { return 0 }
        counts[hash] = 1
        return 1
    }

    mutating func takeOpened(of label: String) -> [OpenedPosition] {
        defer { opened = [] }
        return opened.map { OpenedPosition(label: label, day: $0.day, parent: $0.parent, kept: $0.kept) }
    }

    // MARK: Over days and restarts

    /// Keeps the names of a template that was learned before.
    mutating func know(_ known: LearnedTemplate, key: LearnerKey) {
        guard known.template.hasPrefix("/") else { return }
        var index = Self.root
        for segment in known.template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).prefix(LearnedPath.depthMax) {
            guard nodes.count < Self.nodesKeptMax else { return }
            let next: Index?
            switch String(segment) {
            case "", "**": return
            case LearnedPlaceholder.any:
                if known.lastDay == day { nodes[index].isOpen = true }
                next = child(.any, below: index)
            case LearnedPlaceholder.seldom: next = child(.seldom, below: index)
            case LearnedPlaceholder.unkept: next = child(.unkept, below: index)
            case let name:
                let bytes = Array(name.utf8)
                guard LearnedPath.mayBeKept(bytes.span) else { return }
                let hash = key.hash(bytes.span)
                guard nodes[index].names[hash] != nil || nodes[index].names.count < Self.namesKeptMax else { return }
                next = nodes[index].names[hash] ?? keep(name, hash, below: index)
            }
            guard let next else { return }
            index = next
            nodes[index].firstDay = min(nodes[index].firstDay, known.firstDay)
            nodes[index].lastDay = max(nodes[index].lastDay, known.lastDay)
            nodes[index].days = max(nodes[index].days, known.days)
        }
    }

    /// Another day: what was counted is forgotten, positions that were opened are closed, and what is kept goes by another key.
    mutating func turn(to key: LearnerKey, day: Int64) {
        self.day = day
        counts = [:]
        makeRoom()
        for index in nodes.indices {
            (nodes[index].unkept, nodes[index].isOpen) = ([], false)
            guard !nodes[index].names.isEmpty else { continue }
            let kept = Array(nodes[index].names.values)
            nodes[index].names = [:]
            for child in kept {
                let name = Array(nodes[child].name.utf8)
                nodes[index].names[key.hash(name.span)] = child
            }
        }
    }

    /// For what the day brings. Of names and nodes for which there is no place left those stay that came on the most days, and of these
    /// the oldest: whoever fills all of it on one day has nothing of it on the next.
    private mutating func makeRoom() {
        var reached = Array(nodes.indices.prefix(Self.ambiguous + 1))
        var position = 0
        while position < reached.count {
            let index = reached[position]
            position += 1
            for child in nodes[index].children.indices where nodes[index].children[child] > Self.ambiguous {
                reached.append(nodes[index].children[child])
            }
            if nodes[index].names.count > Self.namesKeptMax {
                let best = Set(nodes[index].names.values.sorted(by: isBetter).prefix(Self.namesKeptMax))
                nodes[index].names = nodes[index].names.filter { best.contains($0.value) }
            }
            reached += nodes[index].names.values
        }
        if reached.count > Self.nodesKeptMax {
            let fixed = Self.ambiguous + 1
            reached.replaceSubrange(fixed..., with: reached[fixed...].sorted(by: isBetter).prefix(Self.nodesKeptMax - fixed))
        }
        guard reached.count < nodes.count else { return }
        move(reached)
    }

    /// What lies above another never goes before it. Only what came today for the first time ever goes, since what there was before has room;
    /// and what lies above that is older or came with it.
    private func isBetter(_ a: Index, _ b: Index) -> Bool {
        (nodes[b].days, nodes[a].firstDay, a) < (nodes[a].days, nodes[b].firstDay, b)
    }

    /// Leaves these nodes and no others, in their order.
    private mutating func move(_ kept: [Index]) {
        let places = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
        var moved = kept.map { nodes[$0] }
        for index in moved.indices {
            moved[index].names = moved[index].names.compactMapValues { places[$0] }
            for child in moved[index].children.indices { moved[index].children[child] = places[moved[index].children[child]] ?? 0 }
        }
        nodes = moved
    }
}
