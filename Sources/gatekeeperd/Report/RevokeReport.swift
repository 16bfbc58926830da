/// A grant that was ended, and whether the ledger knows.
struct RevokeReport: Equatable, Sendable {
    var grant: Grant
    /// Why it isn't recorded yet; it has ended all the same, and would be back after a restart.
    var failure: String?
}
