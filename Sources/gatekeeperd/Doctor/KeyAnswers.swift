/// What an API that minds addresses has answered of late: to all of its clients together, and to each of them.
struct KeyAnswers {
    /// The last five, the latest last, as far as there are so many.
    let latest: ArraySlice<AccessRecord>
    /// Of each client whose last requests were all refused: how many those are.
    let refused: [(peer: String, count: Int)]
    /// Clients whose last request was let in.
    let admitted: [String]
    private let api: AddressBoundAPI

    /// - Parameter path: where it was asked; it may be installed where nobody expects it.
    init(_ records: [AccessRecord], of api: AddressBoundAPI, at path: String? = nil) {
        let relevant = records.filter { ($0.isRefusal || $0.isSuccess) && ($0.path == path || api.folder(of: $0.path) != nil) }
        let byPeer = Dictionary(grouping: relevant, by: \.peer).mapValues { $0.suffix(AccessRecord.latestCount) }.sorted { $0.key < $1.key }
        self.api = api
        latest = relevant.suffix(AccessRecord.latestCount)
        refused = byPeer.filter { $0.value.allSatisfy(\.isRefusal) }.map { ($0.key, $0.value.count) }
        admitted = byPeer.filter { $0.value.last.map(api.admits) ?? false }.map(\.key)
    }

    /// The latest request was let in.
    var endWell: Bool { latest.last.map(api.admits) ?? false }

    var admittedText: String { "it admitted \(latest.count(where: api.admits)) of the last \(CheckReport.count(latest.count, "request"))" }

    /// What isn't as it should be, behind a sentence; empty if nobody has asked.
    var troubleText: String {
        guard let last = latest.last else { return "" }
        let requests = "of the last \(CheckReport.count(latest.count, "request")) there"
        guard last.isRefusal else {
            return ", and answered \(last.status) to \(latest.count { $0.status == last.status }) \(requests), which lets nobody in"
        }
        return ", and refused \(latest.count(where: \.isRefusal)) \(requests)"
    }

    /// Some clients are refused throughout while others are let in: it isn't the ticket system that is at fault, but their keys.
    var differenceText: String? {
        guard !refused.isEmpty, !admitted.isEmpty else { return nil }
        let refusals = refused.prefix(Self.peersMax).map { peer, count in
            "\(count == 1 ? "the last request" : "each of the last \(count) requests") of \(peer)"
        }
        let whose = refused.count == 1 ? "that address" : "each of those addresses"
        return "refuses \(refusals.joined(separator: " and ")), admits \(admitted.prefix(Self.peersMax).joined(separator: ", ")): "
            + "a key for \(whose) is missing or wrong"
    }

    private static let peersMax = 5
}
