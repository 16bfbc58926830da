/// A configuration that is in force on trial: the one before comes back unless somebody confirms it in time.
struct Trial: Equatable, Sendable {
    /// Where it was read from.
    var file: String
    /// As it was then. UTF-8.
    var text: [UInt8]
    var endsAt: WallTime
    var askedBy: Requester
}
