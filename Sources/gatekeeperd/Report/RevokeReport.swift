/// A grant that was ended, and whether the ledger knows.
struct RevokeReport: Equatable, Sendable {
    var grant: Grant
    /// Why it isn't recorded yet; it has ended all the same, and would be back after a restart.
    var failure: String?

    func reply(at now: WallTime) -> ControlReply {
        var lines = ["\(grant.address) is admitted no longer by the grant of \(grant.madeBy) (\(grant.reason))"]
        if let failure { lines.append("warning: \(failure); until that is written, a restart brings the grant back") }
        let result = JSON.object(of: ("grant", grant.json), ("warning", failure.map(JSON.string)))
        return ControlReply(result: result, text: lines.joined(separator: "\n"))
    }
}
