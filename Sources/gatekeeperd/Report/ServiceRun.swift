/// One process of the service, from its start to its end.
struct ServiceRun: Equatable, Sendable {
    var began: WallTime
    /// When it last wrote something down.
    var seen: WallTime
    /// Nil for one that runs, or ended without a word: killed, or with its machine.
    var ended: WallTime?
    /// Since when nobody read its log, so that those who were turned away weren't counted; nil where that wasn't so at the last.
    var untoldSince: WallTime?
}

/// What was changed in the configuration, by whom.
struct RecordedChange: Equatable, Sendable {
    var at: WallTime
    var requester: String
    var text: String
}
