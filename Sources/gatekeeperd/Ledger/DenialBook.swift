internal import Gatekeeper

/// The record of denials in the ledger. What the disk refuses stays with whoever brought it.
final class DenialBook {
    private let ledger: Ledger
    /// Why the last attempt to record something failed; nil after one that didn't.
    private(set) var failure: LedgerError?
    /// How many denials that attempt was about.
    private(set) var unrecordedCount: UInt64 = 0

    init(_ ledger: Ledger) {
        self.ledger = ledger
    }

    /// Adds all of the counts, or on an error none.
    func record(_ summaries: [DenialSummary], at now: WallTime) throws(LedgerError) {
        do {
            try ledger.hastily { () throws(LedgerError) in
                try DenialTable.add(summaries, at: now, to: ledger.connection)
            }
            (failure, unrecordedCount) = (nil, 0)
        } catch {
            failure = error
            unrecordedCount = summaries.reduce(0) { $0 &+ $1.count }
            throw error
        }
    }

    /// - Parameter rowsMax: how many of the newest rows are looked at; nil for all.
    func report(
        _ query: DenialQuery, rowsMax: Int? = nil, grants: [Grant], silences: [Silence] = [],
        listing: DenialReport.Listing = { _ in nil }, at now: WallTime
    ) throws(LedgerError) -> DenialReport {
        var report = try DenialTable.report(
            query, rowsMax: rowsMax, grants: grants, silences: silences, listing: listing, at: now, from: ledger.connection)
        if let failure { report.warning = "\(unrecordedCount) more denials wait for the disk: \(failure)" }
        return report
    }
}
