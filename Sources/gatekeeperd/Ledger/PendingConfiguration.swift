/// A configuration that is in force on trial ("commit confirmed" elsewhere): the one before comes back unless somebody confirms it in time.
struct PendingConfiguration: Equatable, Sendable {
    /// Where it was read from.
    var file: String
    /// As it was then. UTF-8.
    var text: [UInt8]
    var endsAt: WallTime
    var askedBy: Requester
}
