internal import ArgumentParser

/// `gatekeeperd doctor`: what works by itself and fails in company.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at the deployment from inside, and says what is wrong with it and what to do.",
        discussion: HelpText.discussion(
            """
            Looks at the running service, the certificates and whether they can be ordered, the ticket system and whether it can be \
            reached by another way, who connects, the clock and this machine. Changes nothing. What can't be looked at is told as that. Exits 0 when nothing was found, 3 when \
            something was, 2 when the configuration can't be used.
            """,
            examples: "gatekeeperd doctor", "gatekeeperd doctor --public tickets.example.org --skip clock"))

    @OptionGroup var options: ConfigurationOptions
    @Option(
        name: .long, help: ArgumentHelp("The control socket of the service, in place of the configuration's.", valueName: "path"),
        completion: .file())
    var control: String?
    @Option(
        name: .customLong("public"),
        help: ArgumentHelp("Look for a way around the service at this name or address, by connecting to its web ports.", valueName: "name"))
    var publicName: String?
    @Option(name: .long, help: ArgumentHelp("Leave this examination out; may be repeated.", valueName: "examination"))
    var skip: [Examination] = []
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let identity = Result { () throws(ValueMistake) in try Onlooker.identity(named: nil) }
        // What the service's environment says, in the place of what root's does.
        if case .success(let identity?) = identity { Environment.adopt(identity.environment) }
        let reading = try options.read(for: "doctor")
        let doctor = Doctor(
            configuration: reading.configuration, file: reading.file, controlPath: control ?? reading.configuration.controlPath,
            publicName: publicName, skipped: Set(skip), now: .now())
        var report = doctor.examine()
        if doctor.asks(.service) {
            let findings: [ExaminationFinding] =
                switch identity {
                case .success(let identity?): ServiceView(as: identity, arguments: checkArguments).findings
                case .success(nil): []
                case .failure(let mistake): [ServiceView.finding(mistake)]
                }
            report.findings.insert(contentsOf: findings, at: 0)
        }
        Console.say(report.json, json, else: report.lines.joined(separator: "\n"))
        guard report.isWell else { throw ExitCode(ExitStatus.findings) }
    }

    /// The same configuration, for `check`.
    private var checkArguments: [String] {
        let file = options.source.file.map { ["--config", $0] } ?? []
        return ["check", "--json"] + file
            + options.flags.flatMap { flag in flag.values.flatMap { ["--set", "\(flag.key)=\($0)"] } }
    }
}

extension Examination: ExpressibleByArgument {}
