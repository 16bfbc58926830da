/// The configuration that stays.
struct ConfirmReport: Equatable, Sendable {
    var generation: UInt64
    var file: String?
    /// What the next start reads.
    var target: String?
    /// What belongs there now.
    var text: String?

    var reply: ControlReply {
        ControlReply(
            result: .object(
                of: ("generation", .number(generation)), ("file", file.map(JSON.string)), ("target", target.map(JSON.string)),
                ("text", text.map(JSON.string))),
            text: "generation \(generation) of the configuration stays" + (file.map { " (\($0))" } ?? ""))
    }
}
