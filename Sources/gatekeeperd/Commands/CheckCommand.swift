internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd check`: everything that would go wrong, before it does.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads everything that the service would, and says what is wrong, without serving.",
        discussion: HelpText.discussion(
            """
            Looks at the whole configuration, at certificates, keys and authorities, at ports and folders, and whether the ticket system \
            answers. Changes nothing and doesn't disturb a running service. Exits 0 when the service would start, warnings or not, and 2 \
            when there are errors. For root it looks as the service would: with the user, groups, capabilities and environment of the \
            unit that is installed, and its drop-ins.
            """,
            examples: "gatekeeperd check", "gatekeeperd check -c new.yaml --set limits.head=8KiB"))

    @Argument(help: ArgumentHelp("The configuration file, as with --config.", valueName: "file"), completion: Completions.configurationFile)
    var file: String?
    @OptionGroup var options: ConfigurationOptions
    @Option(
        name: .long, help: ArgumentHelp("Look as this user, in the place of the unit's; for root.", valueName: "name"),
        completion: Completions.users)
    var user: String?
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let onlooker = try Self.onlooker(named: user)
        var options = options
        options.config = file ?? options.config
        let source = options.source
        var report: CheckReport
        do {
            report = Check.run(try source.read().configuration, file: source.file, by: onlooker, at: .now())
        } catch {
            report = CheckReport(findings: error.findings)
        }
        report.take(onlooker)
        Console.say(report.json, json, else: report.lines.joined(separator: "\n"))
        guard report.isFine else { throw ExitCode(ExitStatus.misuse) }
    }

    func validate() throws {
        if file != nil, options.config != nil { throw ValidationError("the configuration is named twice, by itself and with --config") }
    }

    /// Who looks; ends the process with a child's status where that is somebody else.
    private static func onlooker(named user: String?) throws -> Onlooker {
        let identity: ServiceIdentity
        do throws(ValueMistake) {
            if let adopted = try Onlooker.adopted() { return adopted }
            guard let found = try Onlooker.identity(named: user) else { return .own }
            identity = found
        } catch {
            throw ControlOptions.report(error)
        }
        let status: Int32
        do throws(SystemError) {
            status = try Onlooker.look(as: identity, arguments: Array(CommandLine.arguments.dropFirst()), output: .inherited)
        } catch {
            Console.complain("cannot \(error)")
            throw ExitCode(ExitStatus.failure)
        }
        throw ExitCode(status)
    }
}
