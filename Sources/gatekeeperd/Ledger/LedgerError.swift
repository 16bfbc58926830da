/// Why the ledger couldn't do what it was asked; whatever it held before still holds.
struct LedgerError: Error, CustomStringConvertible {
    let cause: Cause
    /// What an admin can do something with, without a full stop.
    let message: String

    enum Cause: Equatable, Sendable {
        /// The disk, or the quota on it.
        case full
        /// Not the disk, but our own bound.
        case tooMany
        /// Another process holds it for longer than we wait.
        case busy
        /// What is in it isn't a database, or no longer one.
        case corrupt
        /// A newer version of this program has changed its form.
        case newer
        /// The disk, the rights to it, or memory.
        case broken
    }

    var description: String { message }
}
