/// One thing to mind about a ticket system, with how and when it was found out.
struct PresetFact: Equatable, Sendable {
    let text: String
    /// What was run or read: `osTicket 1.18.1, run`.
    let source: String
    /// As `2026-11-26`.
    let date: String

    init(_ text: String, _ source: String, _ date: String = "2026-11-26") {
        self.text = text
        self.source = source
        self.date = date
    }

    var line: String { "  mind: \(text) [\(source), \(date)]" }

    var json: JSON { .object(of: ("text", .string(text)), ("source", .string(source)), ("date", .string(date))) }
}
