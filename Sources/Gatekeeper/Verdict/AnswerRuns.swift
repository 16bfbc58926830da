internal import Synchronization

/// How many requests of each source of the list have failed in a row, over all workers: one label is one source, an entry without a label is
/// one by itself.
///
/// A request that succeeds costs one relaxed load; no lock, no allocation. At most `sourcesMax` sources are told apart, those with a label
/// first; others aren't judged.
package final class AnswerRuns: Sendable {
    /// The index of the cell that keeps a source's run, and above 16 bits how often the cell has gone to another source; `none` for a source
    /// that has no cell.
    package typealias CellIndex = UInt32

    package static let sourcesMax = 1024
    package static let none: CellIndex = .max
    /// So many in a row are no accident, and no client that is asked for its credentials first.
    package static let countMin = 10

    private let cells: InlineArray<1024, Cell>
    private let table = Mutex(Table())
    /// What workers that have ended had counted.
    let departed = DepartedCounts()

    private struct Table {
        /// The cells in use, which are the first so many. A source that has left the list keeps its cell until another needs it.
        var indices: [Source: CellIndex] = [:]
        var listed: Set<Source> = []

        /// The cell that the source has, the next unused one, or the cell of the last of `spare`, who loses it; nil when there is none.
        mutating func cellIndex(of source: Source, insteadOf spare: inout [Source]) -> CellIndex? {
            if let index = indices[source] { return index }
            let index =
                indices.count < AnswerRuns.sourcesMax
                ? CellIndex(indices.count) : spare.popLast().flatMap { indices.removeValue(forKey: $0) }.map { $0 &+ 1 << 16 }
            indices[source] = index
            return index
        }
    }

    private enum Source: Hashable {
        case label(String)
        case prefix(AddressPrefix)

        init(_ entry: Settings.AllowEntry) {
            self = entry.label.map(Source.label) ?? .prefix(entry.prefix)
        }

        var name: String {
            switch self {
            case .label(let label): label
            case .prefix(let prefix): "\(prefix)"
            }
        }
    }

    private struct Cell: ~Copyable {
        /// The kind above 48 bits, the status above 32, the count below; 0 after a success.
        let run = Atomic<UInt64>(0)
        let since = Atomic<Int64>(0)
    }

    /// How requests fail.
    package enum Kind: UInt64, Sendable {
        /// The ticket system says that somebody may not.
        case unauthorized = 1
        /// It can't, or it can't be reached.
        case failing
        /// We don't pass it on.
        case refused
    }

    /// Requests of one source, all the last ones, that failed in the same way.
    package struct Run: Equatable, Sendable {
        /// The label, or the address.
        package var name: String
        package var kind: Kind
        package var count: Int
        /// Of the last one.
        package var status: UInt16
        /// When the first one began, in milliseconds since 1970.
        package var sinceMilliseconds: Int64

        package init(name: String, kind: Kind, count: Int, status: UInt16, sinceMilliseconds: Int64) {
            self.name = name
            self.kind = kind
            self.count = count
            self.status = status
            self.sinceMilliseconds = sinceMilliseconds
        }
    }

    package init() {
        cells = InlineArray { _ in Cell() }
    }

    /// The cell of each entry, in their order: these are the list from now on. A source keeps its cell, and begins anew when it comes back.
    ///
    /// What a worker counts meanwhile by the list before goes to the cell's next owner: a few requests at most, for a source that leaves is
    /// cut off, and its cell is the last that is given away.
    func cellIndices(for entries: ContiguousArray<Settings.AllowEntry>) -> ContiguousArray<CellIndex> {
        table.withLock { table in
            let listed = Self.judged(of: entries, table.indices)
            var spare = table.indices.keys.filter { !listed.contains($0) }
            // Whoever has left just now comes last.
            _ = spare.partition { !table.listed.contains($0) }
            for source in listed where !table.listed.contains(source) {
                guard let index = table.cellIndex(of: source, insteadOf: &spare) else { continue }
                cells[Self.number(index)].run.store(0, ordering: .relaxed)
            }
            table.listed = listed
            let indices = table.indices.filter { listed.contains($0.key) }
            return ContiguousArray(entries.map { indices[Source($0)] ?? Self.none })
        }
    }

    /// Those with a label first, then those that have a cell.
    private static func judged(of entries: ContiguousArray<Settings.AllowEntry>, _ indices: [Source: CellIndex]) -> Set<Source> {
        var judged: Set<Source> = []
        for isWanted: (Settings.AllowEntry) -> Bool in [
            { $0.label != nil }, { $0.label == nil && indices[Source($0)] != nil }, { $0.label == nil },
        ] {
            for entry in entries where isWanted(entry) {
                guard judged.count < sourcesMax else { return judged }
                judged.insert(Source(entry))
            }
        }
        return judged
    }

    /// An exchange of the source whose cell this is has ended.
    func note(_ verdict: borrowing ExchangeVerdict, at index: CellIndex) {
        guard Self.number(index) < Self.sourcesMax else { return }
        switch Self.meaning(verdict.outcome, verdict.status) {
        case nil: break
        case .success?: succeed(Self.number(index))
        case .failure(let kind)?: fail(Self.number(index), kind, verdict.status, verdict.endedMilliseconds)
        }
    }

    /// Of the cell, 0 to 65 535.
    static func number(_ index: CellIndex) -> Int { Int(index & 0xffff) }

    private func succeed(_ index: Int) {
        if cells[index].run.load(ordering: .relaxed) != 0 { cells[index].run.store(0, ordering: .relaxed) }
    }

    private func fail(_ index: Int, _ kind: Kind, _ status: UInt16, _ wallMilliseconds: Int64) {
        while true {
            let old = cells[index].run.load(ordering: .relaxed)
            let isSame = old >> 48 == kind.rawValue
            let count = isSame ? min(old & 0xffff_ffff, 0xffff_fffe) + 1 : 1
            let new = kind.rawValue << 48 | UInt64(status) << 32 | count
            guard cells[index].run.compareExchange(expected: old, desired: new, ordering: .relaxed).exchanged else { continue }
            if !isSame { cells[index].since.store(wallMilliseconds, ordering: .relaxed) }
            return
        }
    }

    enum Meaning {
        case success
        case failure(Kind)
    }

    /// Nil where it says nothing of either side's being well: a client that left, for instance.
    static func meaning(_ outcome: Outcome, _ status: UInt16) -> Meaning? {
        switch outcome {
        case .clientGone, .clientTimeout, .aborted: nil
        case .refused: .failure(.refused)
        case .upstreamFailed, .upstreamTimeout: .failure(.failing)
        case .completed, .drained:
            switch status {
            case 401, 403, 407: .failure(.unauthorized)
            // What isn't there, or isn't allowed in its state, is an answer like any other.
            case 400, 421, 500...: .failure(.failing)
            default: .success
            }
        }
    }

    /// Those of the list who have a cell, in no order.
    var sources: [(name: String, index: CellIndex)] {
        table.withLock { table in table.listed.compactMap { source in table.indices[source].map { (source.name, $0) } } }
    }

    /// Those of the list who have failed last, longest first.
    package var runs: [Run] {
        sources.compactMap { name, index in
            let run = cells[Self.number(index)].run.load(ordering: .relaxed)
            guard let kind = Kind(rawValue: run >> 48) else { return nil }
            return Run(
                name: name, kind: kind, count: Int(run & 0xffff_ffff), status: UInt16(run >> 32 & 0xffff),
                sinceMilliseconds: cells[Self.number(index)].since.load(ordering: .relaxed))
        }.sorted { ($0.sinceMilliseconds, $0.name) < ($1.sinceMilliseconds, $1.name) }
    }
}
