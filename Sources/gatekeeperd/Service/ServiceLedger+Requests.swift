internal import Gatekeeper

/// What is kept of requests.
extension ServiceLedger {
    /// As a former process has learned it; nothing where that can't be read.
    func knownRequests() -> [LearnedTemplate] {
        guard let ledger else { return [] }
        return (try? LearnedTable.known(in: ledger.connection)) ?? []
    }

    /// How many requests found no row; nil when nothing could be written.
    func record(_ take: LearnedTake, at now: WallTime) -> UInt64? {
        guard let ledger else { return nil }
        return try? ledger.connection.transaction { () throws(LedgerError) in
            try LearnedTable.add(take, at: now, to: ledger.connection)
        }
    }

    func report(_ query: LearnedQuery, at now: WallTime) throws(ControlFailure) -> LearnedReport {
        guard let ledger else {
            throw ControlFailure(failure ?? LedgerError(cause: .broken, message: "there is no ledger"))
        }
        do throws(LedgerError) {
            return try LearnedTable.report(query, at: now, from: ledger.connection)
        } catch {
            throw ControlFailure(error)
        }
    }
}
