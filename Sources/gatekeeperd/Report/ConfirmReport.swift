/// The configuration that stays.
struct ConfirmReport: Equatable, Sendable {
    var generation: UInt64
    var file: String?
    /// What the next start reads.
    var target: String?
    /// What belongs there now.
    var text: String?
}
