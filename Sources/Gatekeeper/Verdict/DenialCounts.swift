internal import Synchronization

/// How the journal tells the control thread who was denied, and how often: every denial once, beside the log's lines.
///
/// ```
///   journal thread ─ count ─▶ a summary a source and reason ─ take ─▶ control thread ─▶ ledger
///                                         ▲                                │ the disk refuses
///                                         └─────────── putBack ────────────┘
/// ```
///
/// At most `sourcesMax` sources are told apart between two takes; the denials of those beyond are one summary a reason, so the counts add up
/// and memory stays bounded whether anybody takes them or not.
final class DenialCounts: Sendable {
    /// Readable when there is something to take.
    var number: Int32 { bell.number }

    private let bell: Bell
    private let sourcesMax: Int
    private let counted: Mutex<Counted>

    init(sourcesMax: Int = 4096, hash: AddressHash = .random()) throws(SystemError) {
        bell = try Bell()
        self.sourcesMax = sourcesMax
        counted = Mutex(Counted(hash: hash))
    }

    /// Counts one denial.
    func count(_ peer: PeerAddress, reason: DenialReason, wallMilliseconds: Int64) {
        add(
            DenialSummary(
                peer: peer, reason: reason, count: 1, firstMilliseconds: wallMilliseconds, lastMilliseconds: wallMilliseconds, sources: 1))
    }

    /// Counts denials of which nothing but the reason is known.
    func countUnseen(_ count: UInt64, reason: DenialReason, wallMilliseconds: Int64) {
        guard count > 0 else { return }
        add(
            DenialSummary(
                peer: nil, reason: reason, count: count, firstMilliseconds: wallMilliseconds, lastMilliseconds: wallMilliseconds, sources: 0
            ))
    }

    /// Everything counted since the last call, in no order.
    func take() -> [DenialSummary] {
        bell.silence()
        return counted.withLock { $0.take() }
    }

    /// Counts again what was taken and found no room.
    func putBack(_ records: [DenialSummary]) {
        for record in records { add(record) }
    }

    private func add(_ record: DenialSummary) {
        let isFirst = counted.withLock { counted in
            let isFirst = counted.isEmpty
            counted.add(record, sourcesMax: sourcesMax)
            return isFirst
        }
        if isFirst { bell.ring() }
    }

    private struct Source: Hashable {
        var peer: PeerAddress
        var reason: DenialReason
    }

    private struct Counted {
        private var sources: [Source: DenialSummary] = [:]
        private var others: [DenialReason: DenialSummary] = [:]
        /// Of the sources that became `others`, by reason.
        private var estimates: [DistinctEstimate]

        init(hash: AddressHash) {
            estimates = DenialReason.allCases.map { _ in DistinctEstimate(hash: hash) }
        }

        var isEmpty: Bool { sources.isEmpty && others.isEmpty }

        mutating func add(_ record: DenialSummary, sourcesMax: Int) {
            guard let peer = record.peer else { return addToOthers(record) }
            let source = Source(peer: peer, reason: record.reason)
            if sources[source] != nil {
                sources[source]?.add(record)
            } else if sources.count < sourcesMax {
                sources[source] = record
            } else {
                estimates[Int(record.reason.rawValue)].insert(peer)
                var record = record
                record.peer = nil
                addToOthers(record)
            }
        }

        private mutating func addToOthers(_ record: DenialSummary) {
            if others[record.reason] == nil { others[record.reason] = record } else { others[record.reason]?.add(record) }
        }

        mutating func take() -> [DenialSummary] {
            var records = Array(sources.values)
            for var record in others.values {
                let reason = Int(record.reason.rawValue)
                record.sources = max(record.sources, estimates[reason].count(atMost: record.count))
                estimates[reason].clear()
                records.append(record)
            }
            sources = [:]
            others = [:]
            return records
        }
    }
}
