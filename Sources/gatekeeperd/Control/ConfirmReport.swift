/// The configuration that stays.
struct ConfirmReport: Equatable, Sendable {
    var generation: UInt64
    var file: String?

    var reply: ControlReply {
        ControlReply(
            result: .object(of: ("generation", .number(generation)), ("file", file.map(JSON.string))),
            text: "generation \(generation) of the configuration stays" + (file.map { " (\($0))" } ?? ""))
    }
}
