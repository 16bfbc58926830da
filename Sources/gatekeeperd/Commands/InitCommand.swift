internal import ArgumentParser

/// `gatekeeperd init`: a first configuration, from flags or from a few questions.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a commented configuration from a few answers or flags.",
        discussion: HelpText.discussion(
            """
            On a terminal, what no flag says is asked for; otherwise usual values stand for the listener, the certificate and the key. \
            Relative paths of the certificate and the key begin at the folder of the file that is written.
            """,
            examples: "gatekeeperd init",
            "gatekeeperd init --preset tier2tickets --ticket-system osticket \\\n    --upstream http://10.0.0.5:8080"))

    @Option(name: .long, help: ArgumentHelp("The file to write; - prints it.", valueName: "file"), completion: .file())
    var output = Configuration.defaultPath
    @OptionGroup var door: DoorOptions
    @Option(
        name: .long, help: ArgumentHelp("A vendor whose published addresses may connect: see presets.", valueName: "name"),
        completion: Completions.vendors)
    var preset: String?
    @Option(
        name: .long, help: ArgumentHelp("The ticket system that it is, for what is known of it: see presets.", valueName: "name"),
        completion: Completions.ticketSystems)
    var ticketSystem: String?
    @Flag(name: .long, help: "Replace a file that is there; the old one stays with .previous behind its name.")
    var force = false

    private var path: String? { output == "-" ? nil : output }

    func run() throws {
        if let path, !force, ConfigurationFile.isThere(path) {
            Console.complain("\(path) is there already; --force replaces it")
            throw ExitCode(ExitStatus.misuse)
        }
        var answers = InitConfiguration(
            listen: door.listen, certificate: door.certificate, key: door.key, allow: door.allow, preset: preset,
            upstream: door.upstream)
        do throws(ValueMistake) {
            answers.ticketSystem = try ticketSystem.map { (name) throws(ValueMistake) in try PresetCatalog.ticketSystem(name) }
        } catch {
            try refuse(["--ticket-system: \(error.message)"])
        }
        // Before anything is asked: an answer would be wasted on flags that are wrong.
        try refuse(answers.mistakes)
        answers = Terminal.isThere ? try ask(for: answers) : answers.completed
        try refuse(answers.gaps)
        try write(answers)
    }

    private func refuse(_ lines: [String]) throws {
        for line in lines { Console.report(line) }
        guard lines.isEmpty else { throw ExitCode(ExitStatus.misuse) }
    }

    private func ask(for answers: InitConfiguration) throws -> InitConfiguration {
        var interview = Interview(answers)
        while interview.question != nil {
            Console.ask(interview.prompt)
            guard let line = Terminal.readLine() else {
                Console.report("")
                Console.complain("the answers ended; nothing was written")
                throw ExitCode(ExitStatus.failure)
            }
            if let mistake = interview.take(line) { Console.report(mistake) }
        }
        return interview.configuration
    }

    private func write(_ answers: InitConfiguration) throws {
        let text = InitText.text(of: answers, path: path)
        try check(text)
        guard let path else { return Console.say(String(text.dropLast())) }
        do {
            try ConfigurationFile.create(path, with: text, replacing: force, group: group)
        } catch {
            Console.complain("cannot \(error)")
            throw ExitCode(ExitStatus.failure)
        }
        // Before the service's user is made there is nobody to give it to.
        let chgrp =
            UserName.ownUser == 0 && group == nil ? "\n  chgrp \(Self.usualGroup) \(path)    # once the service's user is there" : ""
        Console.say("\(path) is written. Next:\(chgrp)\n  gatekeeperd check --config \(path)\n  systemctl enable --now gatekeeperd")
    }

    private static let usualGroup = "gatekeeper"

    /// Of the service that is to read the file: the unit's, else the usual one, if it is there. Only root can give a file to another group.
    private var group: UInt32? {
        guard UserName.ownUser == 0 else { return nil }
        let unit = UnitFile.installed()
        if let name = unit?.value("Group") { return AccountDatabase.group(name) }
        if let name = unit?.value("User") { return AccountDatabase.user(name)?.group }
        return AccountDatabase.group(Self.usualGroup)
    }

    /// The last word is the reader's that will read the file. A certificate may still be on its way; everything else must be right.
    private func check(_ text: String) throws {
        var reader = ConfigurationReader(environment: Environment.value)
        reader.read(Array(text.utf8), path: path ?? "gatekeeper.yaml")
        do throws(ConfigurationError) {
            for warning in try Validation.judge(reader).warnings { Console.report("\(warning)") }
        } catch {
            func isOnItsWay(_ finding: Finding) -> Bool { finding.message.hasPrefix("tls.") }
            let mistakes = error.findings.filter { $0.severity == .error && !isOnItsWay($0) }
            for finding in mistakes.isEmpty ? error.findings : mistakes {
                Console.report(isOnItsWay(finding) ? "not there yet: \(finding.message)" : "\(finding)")
            }
            guard mistakes.isEmpty else { throw ExitCode(ExitStatus.misuse) }
        }
    }
}
