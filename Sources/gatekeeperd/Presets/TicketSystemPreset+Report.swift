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
        lines += routeLines
        lines += notes.map { "  mind: \($0)" }
        lines += facts.map(\.line)
        lines += sources.enumerated().map { "source: \($1), \($0 == 0 ? dateText : Self.notDated)" }
        return lines + (date == nil ? ["verify before relying on it"] : [])
    }

    private var routeLines: [String] {
        let limits = unlimited.map { "  no route limits this: \($0.text) [\($0.source), \($0.date)]" }
        guard !routes.isEmpty else {
            return ["  routes: none are known; learn: true keeps what clients ask for, `gatekeeperd routes propose` makes routes of it"]
                + limits
        }
        let rule = tellsCase ? "" : ", whatever the case of letters"
        return ["  routes: [{preset: \(name)}] lets these through\(rule); base: is what an installation has before them"]
            + routes.map(\.line) + limits
    }

    var json: JSON {
        .object(
            of: ("name", .string(name)), ("title", .string(title)), ("kind", .string("ticket_system")), ("aliases", .strings(aliases)),
            ("paths", .strings(paths)), ("authentication", .string(authentication)), ("content_types", .string(contentTypes)),
            ("methods", .strings(methods)), ("upstream", .strings(upstreamSettings.map { "\($0.setting): \($0.reason)" })),
            ("notes", .strings(notes)), ("facts", .array(facts.map(\.json))),
            ("routes", .array(routes.map(\.json))), ("case_sensitive", routes.isEmpty ? nil : .boolean(tellsCase)),
            ("unlimited", .array(unlimited.map(\.json))), ("sources", .strings(sources)),
            ("date", date.map { .string($0) } ?? .null))
    }
}
