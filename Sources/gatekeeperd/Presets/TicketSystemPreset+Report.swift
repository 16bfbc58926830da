/// What `gatekeeperd presets` prints.
extension TicketSystemPreset {
    /// One line.
    var overview: String { "\(name)  \(title), ticket system, \(dateText)" }

    /// Everything that is known, for people.
    var description: [String] {
        let table = [
            ("paths", paths.joined(separator: ", ")), ("authentication", authentication), ("content types", contentTypes),
            ("methods", methods.joined(separator: " ")), ("also called", aliases.joined(separator: ", ")),
        ]
        var lines = [title] + table.filter { !$0.1.isEmpty }.map { "  \($0.0): \($0.1)" }
        lines += upstreamSettings.map { "  upstream.\($0.setting): \($0.reason)" }
        lines += notes.map { "  mind: \($0)" }
        lines += facts.map(\.line)
        lines += sources.enumerated().map { "source: \($1), \($0 == 0 ? dateText : Self.notDated)" }
        return lines + (date == nil ? ["verify before relying on it"] : [])
    }

    var json: JSON {
        .object(
            of: ("name", .string(name)), ("title", .string(title)), ("kind", .string("ticket_system")), ("aliases", .strings(aliases)),
            ("paths", .strings(paths)), ("authentication", .string(authentication)), ("content_types", .string(contentTypes)),
            ("methods", .strings(methods)), ("upstream", .strings(upstreamSettings.map { "\($0.setting): \($0.reason)" })),
            ("notes", .strings(notes)), ("facts", .array(facts.map(\.json))), ("sources", .strings(sources)),
            ("date", date.map { .string($0) } ?? .null))
    }
}
