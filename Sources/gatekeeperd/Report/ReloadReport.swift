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

    func reply(at now: WallTime) -> ControlReply {
        switch self {
        case .kept(let errors):
            return ControlReply(ControlFailure(.kept, "the new configuration can't be used; the old one stays", details: errors))
        case .applied(let applied):
            var lines = ["generation \(applied.generation) of the configuration is in force"]
            lines += applied.changes.isEmpty ? ["nothing has changed"] : applied.changes
            lines += applied.warnings.map { "warning: \($0)" }
            if let deadline = applied.confirmBefore {
                lines.append("`gatekeeperd confirm` keeps it; otherwise the old one comes back \(TimeText.until(deadline, from: now))")
            }
            let result = JSON.object(
                of: ("generation", .number(applied.generation)), ("changes", .strings(applied.changes)),
                ("warnings", .strings(applied.warnings)), ("confirm_before", applied.confirmBefore.map(JSON.time)))
            return ControlReply(result: result, text: lines.joined(separator: "\n"))
        }
    }
}
