internal import Synchronization

/// How many requests of each source of the list have failed in a row, over all workers: one label is one source, an entry without a label is
/// one by itself.
///
/// A request that succeeds costs one relaxed load; no lock, no allocation. At most `sourcesMax` sources are told apart, those with a label
/// first; others aren't judged.
package final class AnswerRuns: Sendable {
    /// Where a source's run is kept; `none` for one that isn't.
    package typealias Place = UInt16

    package static let sourcesMax = 1024
    package static let none: Place = .max
    /// So many in a row are no accident, and no client that is asked for its credentials first.
    package static let countMin = 10

    private let cells: InlineArray<1024, Cell>
    private let table = Mutex(Table())

    private struct Table {
        /// As many as there are of the first places. Who has left the list keeps his until somebody needs it.
        var places: [Source: Place] = [:]
        var listed: Set<Source> = []

        /// The one that it has, the next one, or that of one of those.
        mutating func place(of source: Source, insteadOf spare: inout [Source]) -> Place? {
            if let place = places[source] { return place }
            let place =
                places.count < AnswerRuns.sourcesMax ? Place(places.count) : spare.popLast().flatMap { places.removeValue(forKey: $0) }
            places[source] = place
            return place
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

    /// A place for each entry, in their order: these are the list from now on. A source keeps its place, and begins anew when it comes back.
    ///
    /// What a worker counts meanwhile by the list before goes to the place's next owner: a few requests at most, for a source that leaves is
    /// cut off, and its place is the last that is given away.
    func places(for entries: ContiguousArray<Settings.AllowEntry>) -> ContiguousArray<Place> {
        table.withLock { table in
            let listed = Self.judged(of: entries, table.places)
            var spare = table.places.keys.filter { !listed.contains($0) }
            // Whoever has left just now comes last.
            _ = spare.partition { !table.listed.contains($0) }
            for source in listed where !table.listed.contains(source) {
                guard let place = table.place(of: source, insteadOf: &spare) else { continue }
                cells[Int(place)].run.store(0, ordering: .relaxed)
            }
            table.listed = listed
            let places = table.places.filter { listed.contains($0.key) }
            return ContiguousArray(entries.map { places[Source($0)] ?? Self.none })
        }
    }

    /// Those with a label first, then those that have a place.
    private static func judged(of entries: ContiguousArray<Settings.AllowEntry>, _ places: [Source: Place]) -> Set<Source> {
        var judged: Set<Source> = []
        for isWanted: (Settings.AllowEntry) -> Bool in [
            { $0.label != nil }, { $0.label == nil && places[Source($0)] != nil }, { $0.label == nil },
        ] {
            for entry in entries where isWanted(entry) {
                guard judged.count < sourcesMax else { return judged }
                judged.insert(Source(entry))
            }
        }
        return judged
    }

    /// An exchange of the source at `place` has ended.
    func note(_ verdict: borrowing ExchangeVerdict, at place: Place) {
        guard Int(place) < Self.sourcesMax else { return }
        switch Self.meaning(verdict.outcome, verdict.status) {
        case nil: break
        case .success?: succeed(Int(place))
        case .failure(let kind)?: fail(Int(place), kind, verdict.status, verdict.endedMilliseconds)
        }
    }

    private func succeed(_ place: Int) {
        if cells[place].run.load(ordering: .relaxed) != 0 { cells[place].run.store(0, ordering: .relaxed) }
    }

    private func fail(_ place: Int, _ kind: Kind, _ status: UInt16, _ wallMilliseconds: Int64) {
        while true {
            let old = cells[place].run.load(ordering: .relaxed)
            let isSame = old >> 48 == kind.rawValue
            let count = isSame ? min(old & 0xffff_ffff, 0xffff_fffe) + 1 : 1
            let new = kind.rawValue << 48 | UInt64(status) << 32 | count
            guard cells[place].run.compareExchange(expected: old, desired: new, ordering: .relaxed).exchanged else { continue }
            if !isSame { cells[place].since.store(wallMilliseconds, ordering: .relaxed) }
            return
        }
    }

    private enum Meaning {
        case success
        case failure(Kind)
    }

    /// Nil where it says nothing of either side's being well: a client that left, for instance.
    private static func meaning(_ outcome: Outcome, _ status: UInt16) -> Meaning? {
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

    /// Those of the list who have failed last, longest first.
    package var runs: [Run] {
        let listed = table.withLock { table in table.listed.compactMap { source in table.places[source].map { (source.name, $0) } } }
        return listed.compactMap { name, place in
            let run = cells[Int(place)].run.load(ordering: .relaxed)
            guard let kind = Kind(rawValue: run >> 48) else { return nil }
            return Run(
                name: name, kind: kind, count: Int(run & 0xffff_ffff), status: UInt16(run >> 32 & 0xffff),
                sinceMilliseconds: cells[Int(place)].since.load(ordering: .relaxed))
        }.sorted { ($0.sinceMilliseconds, $0.name) < ($1.sinceMilliseconds, $1.name) }
    }
}
