/// Something that the ledger can't do, as the ledger tells it.
struct LedgerTrouble: Equatable, Sendable {
    var kind: Problem.Kind = .ledgerFailed
    /// `grants`, `denials`, `traffic`, or empty for all of it.
    var subject = ""
    var text: String
    var cure: String
}
