/// What became of a request for a grant.
struct GrantOutcome: Equatable, Sendable {
    let grant: Grant
    let change: Change
    /// A lockdown is in the way, and it admits nobody until that ends.
    var isShutOut = false
    /// What it doesn't do, or takes away.
    var note: String?

    enum Change: Equatable, Sendable {
        case made
        /// It was there already, and would have ended then.
        case extended(from: WallTime)
        /// It was there already, ends no earlier than was asked for, and has another label now.
        case labelled
        /// It was there already, and ends no earlier than was asked for.
        case none
    }
}
