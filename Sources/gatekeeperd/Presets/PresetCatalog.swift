/// Everything that `gatekeeperd presets` knows, by name.
enum PresetCatalog {
    enum Entry: Sendable {
        /// May be named in the allow-list.
        case vendor(VendorPreset)
        /// To read.
        case ticketSystem(TicketSystemPreset)
    }

    static let entries: [Entry] = VendorPreset.all.map { .vendor($0) } + TicketSystemPreset.all.map { .ticketSystem($0) }

    /// The ticket system that is called so.
    static func ticketSystem(_ text: String) throws(ValueMistake) -> TicketSystemPreset {
        guard case .ticketSystem(let preset) = try find(text) else {
            throw ValueMistake("\(text) is a vendor with addresses, not a ticket system")
        }
        return preset
    }

    /// The ticket system that is called so, for a route.
    static func routes(of text: String) throws(ValueMistake) -> TicketSystemPreset {
        let known = TicketSystemPreset.all.filter { !$0.routes.isEmpty }.map(\.name).joined(separator: " ")
        switch try find(text) {
        case .vendor(let preset):
            throw ValueMistake("\(preset.name) is a vendor with addresses, which belong under allow; for routes there are \(known)")
        case .ticketSystem(let preset):
            guard preset.routes.isEmpty else { return preset }
            throw ValueMistake(
                "what clients of \(preset.title) ask for isn't known well enough; use learn: true, which keeps what yours ask for, and "
                    + "`gatekeeperd routes propose`, which makes routes of it (for routes there are \(known))")
        }
    }

    /// The entry that is called so, in capitals or not, or what was probably meant.
    static func find(_ text: String) throws(ValueMistake) -> Entry {
        let name = text.lowercased()
        if let entry = entries.first(where: { $0.names.contains(name) }) { return entry }
        let hint = Suggestion.question(about: name, among: entries.flatMap(\.names)) ?? ""
        let names = entries.map(\.names[0]).joined(separator: " ")
        throw ValueMistake("there is no preset \(Quantity.quoted(text)) (\(names))\(hint)")
    }
}

extension PresetCatalog.Entry {
    /// The first is the one it goes by.
    var names: [String] {
        switch self {
        case .vendor(let preset): [preset.name]
        case .ticketSystem(let preset): [preset.name] + preset.aliases
        }
    }

    var overview: String {
        switch self {
        case .vendor(let preset): preset.overview
        case .ticketSystem(let preset): preset.overview
        }
    }

    var description: [String] {
        switch self {
        case .vendor(let preset): preset.description
        case .ticketSystem(let preset): preset.description
        }
    }

    var json: JSON {
        switch self {
        case .vendor(let preset): preset.json
        case .ticketSystem(let preset): preset.json
        }
    }
}
