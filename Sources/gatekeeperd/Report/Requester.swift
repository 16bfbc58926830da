/// Who asked for something, as the kernel knows them: for the log and the ledger.
struct Requester: Hashable, Sendable, CustomStringConvertible {
    var user: UInt32
    /// Nil where the machine has no name for the number.
    var name: String?

    var description: String { name.map { "\($0) (\(user))" } ?? "user \(user)" }
}
