/// What was seen where an answer leads: in words, and what can be done with it.
struct InitSight: Equatable, Sendable {
    var lines: [String] = []
    /// Something is wrong that may be put right later: whoever answered is asked whether to go on.
    var isDoubtful = false
    /// Of the key that a ticket system showed whose certificate nobody vouches for, in base64.
    var pin: String?
    /// Which ticket system it seems to be, where nobody has said.
    var looksLike: TicketSystemPreset?
}

/// What the questions can look at.
struct InitSurroundings {
    /// Where an answer leads. The configuration has it already.
    var look: (InitQuestion, InitConfiguration) -> InitSight = { _, _ in InitSight() }
    /// The name that clients seem to use.
    var usualName: (InitConfiguration) -> String? = { _ in nil }
    var hasIPv6 = false
}
