internal import ArgumentParser

/// `gatekeeperd check`: everything that would go wrong, before it does.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Reads everything that the service would, and says what is wrong, without serving.",
        discussion: """
            Looks at the whole configuration, at certificates, keys and authorities, at ports and folders, and whether the ticket system \
            answers. Changes nothing and doesn't disturb a running service. Exits 0 when the service would start, warnings or not, and 2 \
            when there are errors.
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let source = options.source
        let report: CheckReport
        do {
            report = Check.run(try source.read().configuration, file: source.file, at: .now())
        } catch {
            report = CheckReport(findings: error.diagnostics)
        }
        Console.say(json ? report.json.text : report.lines.joined(separator: "\n"))
        guard report.isFine else { throw ExitCode(ExitStatus.misuse) }
    }
}
