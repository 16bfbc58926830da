internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd init`: a first configuration, from flags or from a few questions.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a commented configuration from a few answers or flags.",
        discussion: HelpText.discussion(
            """
            On a terminal, what no flag says is asked for, and looked at: whether the ticket system answers, the certificate fits, the \
            port is free. The file is shown before it is written, and checked as the service would. With --yes, and without a terminal, \
            nothing is asked: usual values stand for the listener, the certificate and the key. \
            With --acme the service orders the certificate itself and renews it. A file that says the same already is left alone, with \
            status 0. Relative paths of the certificate and the key begin at the folder of the file that is written.
            """,
            examples: "gatekeeperd init",
            "gatekeeperd init --yes --preset tier2tickets --ticket-system osticket \\\n    --upstream http://10.0.0.5:8080"))

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
    @Option(name: .long, help: ArgumentHelp("The name that clients use, as tickets.example.org.", valueName: "name"))
    var name: String?
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Order the certificate from Let's Encrypt for these names, commas between, in place of files.", valueName: "names"))
    var acme: String?
    @Option(name: .long, help: ArgumentHelp("A mail address that the authority may write to.", valueName: "address"))
    var contact: String?
    @Flag(name: .long, help: "Ask nothing; what flags don't say is an error, or has its usual value.")
    var yes = false
    @Flag(name: .long, help: "Replace a file that is there; the old one stays with .previous behind its name.")
    var force = false

    private var path: String? { output == "-" ? nil : output }

    func run() throws {
        let answers = try given()
        let interview = Interview(answers, surroundings: surroundings)
        guard !yes, Terminal.isThere, interview.question != nil else { return try write(answers.completed) }
        try converse(interview)
    }

    /// What flags say.
    private func given() throws -> InitConfiguration {
        var answers = InitConfiguration(
            listen: door.listen, certificate: door.certificate, key: door.key, allow: door.allow, preset: preset,
            upstream: door.upstream, name: name)
        answers.acme = acme?.split { $0 == "," || $0 == " " }.map { $0.lowercased() }
        answers.contact = contact
        var mistakes: [String] = []
        do throws(ValueMistake) {
            answers.ticketSystem = try ticketSystem.map { (name) throws(ValueMistake) in try PresetCatalog.ticketSystem(name) }
        } catch {
            mistakes.append("--ticket-system: \(error.message)")
        }
        // Before anything is asked: an answer would be wasted on flags that are wrong.
        try refuse(mistakes + answers.mistakes)
        return answers
    }

    private func refuse(_ lines: [String]) throws {
        for line in lines { Console.report(line) }
        guard lines.isEmpty else { throw ExitCode(ExitStatus.misuse) }
    }

    // MARK: Without questions

    private func write(_ answers: InitConfiguration) throws {
        let gaps = answers.gaps
        if !gaps.isEmpty, !yes, !Terminal.isThere {
            try refuse(gaps + ["gatekeeperd: there is no terminal to ask on, so say these by flags: see gatekeeperd init --help"])
        }
        try refuse(gaps)
        let text = InitText.text(of: answers, path: path)
        if let path, holds(path, text) { return Console.say("\(path) is unchanged") }
        if let path, !force, ConfigurationFile.isThere(path) {
            Console.complain("\(path) is there already; --force replaces it")
            throw ExitCode(ExitStatus.misuse)
        }
        try check(text)
        guard let path else { return Console.say(String(text.dropLast())) }
        try put(text, at: path, replacing: force)
        Console.say(
            "\(path) is written. Next:\(chgrp(path))\n  gatekeeperd check --config \(path)\n  systemctl enable --now gatekeeperd")
    }

    /// Word for word.
    private func holds(_ path: String, _ text: String) -> Bool {
        (try? FileContents.read(path, bytesMax: text.utf8.count)) == Array(text.utf8)
    }

    private func put(_ text: String, at path: String, replacing: Bool) throws {
        do throws(SystemError) {
            try ConfigurationFile.create(path, with: text, replacing: replacing, group: group)
        } catch {
            Console.complain("cannot \(error)")
            throw ExitCode(ExitStatus.failure)
        }
    }

    /// Before the service's user is made there is nobody to give it to.
    private func chgrp(_ path: String) -> String {
        UserName.ownUser == 0 && group == nil ? "\n  chgrp \(Self.usualGroup) \(path)    # once the service's user is there" : ""
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
            func isOnItsWay(_ finding: Finding) -> Bool { finding.message.hasPrefix("tls.") && !finding.message.hasPrefix("tls.acme") }
            let mistakes = error.findings.filter { $0.severity == .error && !isOnItsWay($0) }
            for finding in mistakes.isEmpty ? error.findings : mistakes {
                Console.report(isOnItsWay(finding) ? "not there yet: \(finding.message)" : "\(finding)")
            }
            guard mistakes.isEmpty else { throw ExitCode(ExitStatus.misuse) }
        }
    }
}

// MARK: The conversation

extension InitCommand {
    private static let introduction = [
        "A few questions make a first configuration. Enter takes what stands in brackets, ? explains a question, Ctrl-D leaves.",
        "Nothing is written before you have seen it.",
    ]

    private var surroundings: InitSurroundings {
        InitSurroundings.machine(folder: path.map(FilePath.directory) ?? "", now: .now()) { Console.report("  \($0)") }
    }

    private func converse(_ interview: Interview) throws {
        // Better now than after all the questions.
        if let path, FileContents.isFolder(FilePath.parent(of: path)),
            let obstacle = WriteAccess.obstacle(inFolder: FilePath.parent(of: path))
        {
            Console.complain("cannot \(obstacle); do this as root, or name another file with --output")
            throw ExitCode(ExitStatus.failure)
        }
        Terminal.leaveOnInterrupt()
        for line in Self.introduction { Console.report(line) }
        if let path, ConfigurationFile.isThere(path) { Console.report("\(path) is there already; before it is replaced you are asked.") }
        let answers = try ask(interview)
        let text = InitText.text(of: answers, path: path)
        guard let path else {
            try check(text)
            return Console.say(String(text.dropLast()))
        }
        if holds(path, text) {
            Console.say("\(path) is unchanged: it says all of this already.")
        } else {
            let isThere = ConfigurationFile.isThere(path)
            Console.report("")
            for line in InitText.essence(of: text) { Console.report("  \(line)") }
            Console.report("")
            if !(isThere && force) { try consent(WriteQuestion(path: path, isThere: isThere)) }
            Terminal.forgetInterrupt()
            try put(text, at: path, replacing: isThere)
            Console.say("\(path) is written.\(chgrp(path))")
        }
        Terminal.forgetInterrupt()
        Console.say("This is what `gatekeeperd check` says of it:")
        let isFine = Self.looksFine(path)
        let closing = InitClosing(configuration: answers, path: path, service: InitClosing.service(for: path))
        Console.say(closing.lines(isFine: isFine).joined(separator: "\n"))
    }

    private func ask(_ interview: Interview) throws -> InitConfiguration {
        var interview = interview
        var shown: InitQuestion?
        while let question = interview.question {
            if question != shown {
                Console.report("")
                for line in question.choices { Console.report(line) }
            }
            shown = question
            for line in interview.take(try answer(to: interview.prompt)) { Console.report("  \(line)") }
        }
        return interview.configuration
    }

    private func consent(_ question: WriteQuestion) throws {
        while true {
            switch question.take(try answer(to: question.prompt)) {
            case .write: return
            case .again(let lines): for line in lines { Console.report("  \(line)") }
            case .leave:
                Console.complain("nothing was written")
                throw ExitCode(ExitStatus.failure)
            }
        }
    }

    private func answer(to prompt: String) throws -> String {
        Console.ask(prompt)
        guard let line = Terminal.readLine() else {
            Console.report("")
            Console.complain("the answers ended; nothing was written")
            throw ExitCode(ExitStatus.failure)
        }
        return line
    }

    /// Has `check` look, as the service would, and say so itself.
    private static func looksFine(_ path: String) -> Bool {
        do throws(SystemError) {
            guard let program = Program.ownPath() else { throw SystemError("find this program's file", code: 2) }
            let child = try Program.start(
                program, [program, "check", "--config", path], environment: Environment.all, streams: .inherited)
            return try Program.wait(for: child, called: "the check") == 0
        } catch {
            Console.complain("cannot \(error)")
            return false
        }
    }
}
