/// The path templates of one label: a tree, whose names have come often enough to be kept.
///
/// ```
///   api ─ tickets.json                        /api/tickets.json
///   REST ─ 2.0 ─ ticket ─ {id} ─ history      /REST/2.0/ticket/{id}/history
/// ```
///
/// A name is kept when it has come in three requests of a day that the ticket system answered well, below the same template or below the same
/// path. Until then there is a hash of it and nothing else. At a position with more than `namesMax` of them none is kept: they are customers
/// or tickets, and not names of an API. Whoever floods it fills what is bounded here, of his own label, and for a day.
struct LearnedTree: Sendable {
    typealias Index = Int

    static let requestsMin: UInt8 = 3
    /// At one position.
    static let namesMax = 32
    static let nodesMax = 2_000
    static let countsMax = 8_192

    /// These are there from the start: what lies above all paths, `/**`, and the paths that can be read in more than one way.
    private static let root: Index = 0
    private static let everything: Index = 1
    static let ambiguous: Index = 2

    private var nodes: [Node] = []
    /// How often names have come that aren't kept, by hash.
    private var counts: [UInt64: UInt8] = [:]
    /// Positions at which no name is kept any more, since the last take.
    private(set) var opened: [String] = []

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
        var isOpen = false
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
        nodes = [Node(template: ""), Node(template: "/**"), Node(template: "")]
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
        }
        return place
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
        }
        return index
    }

    private func known(_ segment: LearnedPath.Segment, below index: Index) -> Index? {
        let child: Child
        switch segment.kind {
        case .end: child = .end
        case .unkept: child = .unkept
        case .name:
            guard nodes[index].isOpen else { return nodes[index].names[segment.hash] }
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
        nodes.append(Node(template: "\(nodes[index].template)/\(child.word)"))
        nodes[index].children[child.rawValue] = nodes.count - 1
        return nodes.count - 1
    }

    /// Nil for a name that isn't kept (yet).
    private mutating func named(_ segment: LearnedPath.Segment, of target: Span<UInt8>, below place: Place, key: LearnerKey) -> Index? {
        let index = place.node
        if nodes[index].isOpen { return child(.any, below: index) }
        if let known = nodes[index].names[segment.hash] { return known }
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
        nodes.append(Node(template: "\(nodes[index].template)/\(name)", name: name))
        nodes[index].names[hash] = nodes.count - 1
        nodes[index].unkept.remove(hash)
        return nodes.count - 1
    }

    /// What was learned below its names begins anew.
    private mutating func open(_ index: Index) {
        guard !nodes[index].isOpen else { return }
        (nodes[index].isOpen, nodes[index].names, nodes[index].unkept) = (true, [:], [])
        opened.append(nodes[index].template)
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

    mutating func takeOpened() -> [String] {
        defer { opened = [] }
        return opened
    }

    // MARK: Over days and restarts

    /// Keeps the names of a template that was learned before.
    mutating func know(_ template: String, key: LearnerKey) {
        guard template.hasPrefix("/") else { return }
        var index = Self.root
        for segment in template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).prefix(LearnedPath.depthMax) {
            let next: Index?
            switch String(segment) {
            case "", "**": return
            case LearnedPlaceholder.any:
                (nodes[index].isOpen, nodes[index].names) = (true, [:])
                next = child(.any, below: index)
            case LearnedPlaceholder.seldom: next = child(.seldom, below: index)
            case LearnedPlaceholder.unkept: next = child(.unkept, below: index)
            case let name:
                let bytes = Array(name.utf8)
                guard !nodes[index].isOpen, LearnedPath.mayBeKept(bytes.span), nodes.count < Self.nodesMax else { return }
                let hash = key.hash(bytes.span)
                guard nodes[index].names[hash] != nil || nodes[index].names.count < Self.namesMax else { return }
                next = nodes[index].names[hash] ?? keep(name, hash, below: index)
            }
            guard let next else { return }
            index = next
        }
    }

    /// Another day: what was counted is forgotten, and what is kept goes by another key.
    mutating func turn(to key: LearnerKey) {
        counts = [:]
        for index in nodes.indices {
            nodes[index].unkept = []
            guard !nodes[index].names.isEmpty else { continue }
            let kept = Array(nodes[index].names.values)
            nodes[index].names = [:]
            for child in kept {
                let name = Array(nodes[child].name.utf8)
                nodes[index].names[key.hash(name.span)] = child
            }
        }
    }
}
