internal import ArgumentParser

/// The pages of the manual: gatekeeperd(8), one for each command, and gatekeeper.yaml(5).
///
/// What they say of commands is what the library knows of them, which `--help` prints too; of keys, what the schema knows.
struct Manual {
    struct Page: Equatable {
        /// Of the file: `gatekeeperd-check.8`.
        var file: String
        var text: String
    }

    /// As 2026-12-31.
    let date: String
    private let root: JSON

    static let section = 8
    static let configurationPage = (name: "gatekeeper.yaml", section: 5)

    init(date: String) {
        self.date = date
        root = JSONReader.read(Array(RootCommand._dumpHelp().utf8))?["command"] ?? .null
    }

    /// The day of `SOURCE_DATE_EPOCH`, by which builds are repeated to the byte, else today.
    static func date(environment: (String) -> String? = Environment.value, now: WallTime = .now()) -> String {
        let epoch = environment("SOURCE_DATE_EPOCH").flatMap { Int64($0) }.map { WallTime(milliseconds: $0 * 1000) }
        return String((epoch ?? now).text.prefix(10))
    }

    var pages: [Page] {
        [Page(file: "gatekeeperd.\(Self.section)", text: daemonPage), Page(file: "gatekeeper.yaml.5", text: configurationPage)]
            + commands.map { Page(file: "\($0.page).\(Self.section)", text: page(of: $0)) }
    }

    // MARK: Commands

    /// Those that help shows.
    private var commands: [CommandFacts] {
        guard case .array(let commands)? = root["subcommands"] else { return [] }
        return commands.compactMap(CommandFacts.init).filter { $0.isShown && $0.name != "help" }
    }

    private func page(of command: CommandFacts) -> String {
        var page = roff(command.page, section: Self.section)
        page.name(command.page, command.purpose)
        page.section("SYNOPSIS")
        page.synopsis("gatekeeperd \(command.name)", command.arguments.filter(\.isInSynopsis).map(\.synopsis))
        page.section("DESCRIPTION")
        page.paragraph(command.abstract)
        for paragraph in command.paragraphs { page.paragraph(paragraph) }
        Self.options(of: command, &page)
        page.section("EXIT STATUS")
        page.paragraph("As gatekeeperd(8) says, under EXIT STATUS.")
        Self.examples(of: command, &page)
        page.section("SEE ALSO")
        page.pages([("gatekeeperd", Self.section), Self.configurationPage])
        return page.text
    }

    private static func options(of command: CommandFacts, _ page: inout Roff) {
        page.section("OPTIONS")
        for argument in command.arguments { page.entry(argument.term, argument.text) }
    }

    private static func examples(of command: CommandFacts, _ page: inout Roff) {
        page.section("EXAMPLES")
        for example in command.examples { page.example(example) }
    }

    private func roff(_ name: String, section: Int) -> Roff {
        Roff(
            name: name, section: section, date: date, source: "Gatekeeper \(Version.current)",
            manual: section == 5 ? "File formats" : "System administration")
    }

    // MARK: The daemon

    private var daemonPage: String {
        var page = roff("gatekeeperd", section: Self.section)
        guard let command = CommandFacts(root) else { return page.text }
        page.name("gatekeeperd", command.purpose)
        page.section("SYNOPSIS")
        page.synopsis("gatekeeperd", [[.italic("command")], [.plain("["), .italic("option"), .plain(" ...]")]])
        page.synopsis("gatekeeperd", [[.bold("-t")], [.plain("["), .bold("-c"), .plain(" "), .italic("file"), .plain("]")]])
        page.section("DESCRIPTION")
        page.paragraph(command.abstract)
        for paragraph in command.paragraphs + Self.introduction { page.paragraph(paragraph) }
        page.section("COMMANDS")
        for command in commands { page.entry([.bold(command.page), .plain("(\(Self.section))")], command.abstract) }
        Self.options(of: command, &page)
        for (title, entries) in [
            ("FILES", Self.files), ("SIGNALS", Self.signals), ("EXIT STATUS", Self.statuses), ("ENVIRONMENT", Self.environment),
        ] {
            page.section(title)
            for entry in entries { page.entry([.bold(entry.term)], entry.text) }
        }
        Self.examples(of: command, &page)
        page.section("SEE ALSO")
        page.pages(
            commands.map { ($0.page, Self.section) } + [
                Self.configurationPage, ("journalctl", 1), ("systemctl", 1), ("systemd.service", 5),
            ])
        return page.text
    }

    // MARK: The configuration

    /// As the reference has it, as a sentence behind another.
    private static func facts(_ setting: Setting) -> String {
        let facts = Reference.facts(setting)
        switch setting.rule {
        case .list: return facts.prefix(1).uppercased() + facts.dropFirst()
        case .scalar, .field, .fields, .texts, .likeGroup: return facts.hasPrefix("Value: ") ? facts : "Value: \(facts)"
        case .section, .switchedSection, .group, .notYet: return facts
        }
    }

    private var configurationPage: String {
        var page = roff(Self.configurationPage.name, section: Self.configurationPage.section)
        page.name(Self.configurationPage.name, "configuration of gatekeeperd")
        page.section("SYNOPSIS")
        page.paragraph("`\(Configuration.defaultPath)`")
        page.section("DESCRIPTION")
        page.paragraph(Reference.introduction.replacing("\n", with: " "))
        for rule in Reference.rules { page.entry([.plain("\u{2022}")], rule.replacing("\n", with: " ")) }
        page.section("KEYS")
        for setting in Schema.settings {
            let text = [setting.summary, Self.facts(setting)].filter { !$0.isEmpty }.joined(separator: " ")
            if setting.path.contains(".") {
                page.entry([.bold(setting.path)], text)
            } else {
                page.subsection(setting.path)
                page.paragraph(text)
            }
        }
        page.section("EXAMPLES")
        page.paragraph("What most installations need:")
        page.example(Reference.example)
        page.paragraph("A file to begin with is written by gatekeeperd-init(8); what is wrong with one is said by gatekeeperd-check(8):")
        page.example("gatekeeperd check -c \(Configuration.defaultPath)")
        page.section("FILES")
        page.entry([.bold(Configuration.defaultPath)], "What is read where nobody names another.")
        page.section("SEE ALSO")
        page.pages([("gatekeeperd", Self.section), ("gatekeeperd-check", Self.section), ("gatekeeperd-init", Self.section)])
        return page.text
    }
}
