/// What `doctor` looks at, one after the other. The words are a script's to rely on.
enum Examination: String, CaseIterable, Sendable {
    /// The running service: does it answer, and by what does it serve?
    case service
    case certificate
    /// Can the authority come here, and may it issue? Where certificates are ordered.
    case orders
    /// Does the ticket system answer, and lead its clients back here?
    case upstream
    /// Is it the clients' own addresses that arrive?
    case sources
    /// Can the ticket system be reached by another way?
    case exposure
    /// Does the ticket system bind its keys to addresses?
    case apiKeys = "api_keys"
    case clock
    /// The machine: descriptors, the state folder, the unit.
    case host
}
