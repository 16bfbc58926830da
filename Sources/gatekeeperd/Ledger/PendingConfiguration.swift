/// A configuration that is in force until a moment ("commit confirmed" elsewhere): the one before comes back then, unless somebody has
/// confirmed it.
struct PendingConfiguration: Equatable, Sendable {
    /// Where it was read from.
    var file: String
    /// As it was then. UTF-8.
    var text: [UInt8]
    var endsAt: WallTime
    var askedBy: Requester
}
