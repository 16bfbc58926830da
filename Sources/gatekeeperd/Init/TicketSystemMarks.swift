internal import Gatekeeper

/// Which ticket system answers, by what it says of itself without being asked: a cookie, a title, a refusal. A guess, for people.
enum TicketSystemMarks {
    /// In lower case; the preset's name beside what tells it.
    private static let cookies: [(preset: String, beginning: String)] = [
        ("osticket", "ostsessid="), ("redmine", "_redmine_session="), ("zammad", "_zammad_session"), ("rt", "rt_sid_"), ("glpi", "glpi_"),
        ("itop", "itop-"), ("roundup", "roundup_session_"), ("freescout", "freescout_session="), ("znuny", "otoboagentinterface="),
        ("znuny", "otrsagentinterface="), ("manageengine", "sdpsessionid="),
    ]
    /// Anywhere on the page, in lower case.
    private static let words: [(preset: String, word: String)] = [
        ("osticket", "osticket"), ("redmine", "content=\"redmine"), ("zammad", "<title>zammad"), ("rt", "request tracker"),
        ("glpi", "glpi-project.org"), ("glpi", "<title>glpi"), ("itop", "<title>itop"), ("freescout", "freescout"),
        ("erpnext", "frappe"), ("znuny", "znuny"), ("znuny", "otobo"), ("znuny", "((otrs))"), ("topdesk", "<title>topdesk"),
        ("halopsa", "<title>halo"), ("jitbit", "jitbit"), ("manageengine", "servicedesk plus"), ("connectwise", "connectwise"),
        ("roundup", "roundup"),
    ]

    /// Of all presets that have one.
    static var names: Set<String> { Set(cookies.map(\.preset) + words.map(\.preset)) }

    /// Nil where nothing tells.
    static func recognise(_ system: TicketSystem) -> TicketSystemPreset? {
        let refusal = system.answers.lazy.compactMap { AddressBoundAPI.recognise($0.answer)?.preset }.first
        return (refusal ?? cookie(of: system) ?? word(of: system)).flatMap { try? PresetCatalog.ticketSystem($0) }
    }

    private static func cookie(of system: TicketSystem) -> String? {
        let set = system.answers.flatMap { $0.answer.fields.filter { $0.name == "set-cookie" }.map { $0.value.lowercased() } }
        return cookies.first { mark in set.contains { $0.hasPrefix(mark.beginning) } }?.preset
    }

    private static func word(of system: TicketSystem) -> String? {
        guard let page = system.answers.first?.answer else { return nil }
        let text = String(decoding: page.body, as: UTF8.self).lowercased()
        return words.first { text.contains($0.word) }?.preset
    }
}
