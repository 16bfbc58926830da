/// What the control thread waits for.
enum PollSource: Hashable, CaseIterable {
    case signals
    /// Events of the folders that watched files lie in.
    case files
    /// What a process that is to take over says.
    case successor
    case control
    /// Somebody has come by a grant for the first time.
    case firstUses
    /// Somebody was denied since the last record.
    case denials
    /// Strangers come so often that the shield may be wanted.
    case flood
    case statusPage
    /// Somebody has been told of a problem, or couldn't be.
    case notices
    /// A certificate that is ordered has come further, or has come.
    case orders
    /// A list has been looked at.
    case lists
}
