/// What became of a new configuration.
enum ReloadReport: Equatable, Sendable {
    case applied(Applied)
    /// The lines say why, with `file:line:column` where there is one.
    case kept(errors: [String])

    struct Applied: Equatable, Sendable {
        var generation: UInt64
        /// What is different, a line each; empty when nothing is.
        var changes: [String]
        var warnings: [String] = []
        /// When the old one comes back unless this one is confirmed.
        var confirmBefore: WallTime?
    }
}
