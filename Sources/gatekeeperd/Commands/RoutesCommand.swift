internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd routes propose`, `routes diff FILE`: routes by what was learned.
struct RoutesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Proposes routes by what was learned, or says what edited ones would have refused.",
        discussion: HelpText.discussion(
            """
            propose writes a routes: block of what was answered 2xx or 3xx on at least \(RouteProposal.daysMin) days, each line with how \
            often and when last, and what was left out below it. diff reads the routes of FILE and says what of the last days they would \
            have refused. Both go by what `learn: true` keeps: methods and path templates by label, for 60 days. Exits 3 when there is \
            nothing to propose, or when something would have been, or may have been, refused.
            """,
            examples: "gatekeeperd routes propose --since 14d", "gatekeeperd routes diff gatekeeper-new.yaml"))

    enum Action: String, CaseIterable, ExpressibleByArgument {
        case propose, diff
    }

    @Argument(help: "propose or diff.")
    var action: Action
    @Argument(
        help: ArgumentHelp("Of diff: the configuration whose routes are judged.", valueName: "file"),
        completion: Completions.configurationFile)
    var file: String?
    @Option(
        name: .long, help: ArgumentHelp("How far back, as 14d; otherwise 14d for propose and 7d for diff.", valueName: "duration"),
        completion: Completions.durations)
    var since: String?
    @Option(name: .long, help: ArgumentHelp("Only the requests of this label.", valueName: "label"))
    var label: String?
    @Flag(name: .long, help: "Of propose: say from which label each route is for, also where there is only one.")
    var perLabel = false
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func validate() throws {
        guard (action == .diff) == (file != nil) else {
            throw ValidationError(action == .diff ? "diff needs the file whose routes are judged" : "propose takes no file")
        }
        guard action == .propose || !perLabel else { throw ValidationError("--per-label is for propose") }
    }

    func run() throws {
        let query: LearnedQuery
        do throws(ValueMistake) {
            query = try LearnedQuery(duration: since ?? (action == .propose ? "14d" : "7d"), label: label)
        } catch {
            throw ControlOptions.report(error)
        }
        let routes = try file.flatMap { try Self.routes(of: $0) }
        let report: LearnedReport
        do {
            report = try learned(query)
        } catch {
            throw ControlOptions.report(error)
        }
        switch action {
        case .propose:
            let proposal = RouteProposal(report, perLabel: perLabel)
            Console.say(proposal.json, json, else: proposal.text)
            guard !proposal.lines.isEmpty else { throw ExitCode(ExitStatus.findings) }
        case .diff:
            let difference = RouteDifference(report, by: routes)
            Console.say(difference.json, json, else: difference.text)
            guard difference.isNothing else { throw ExitCode(ExitStatus.findings) }
        }
    }

    /// Those of a configuration that may be good for nothing else yet; nil where it has none. Ends the process for those with mistakes.
    private static func routes(of file: String) throws -> [Route]? {
        var reader = ConfigurationReader(environment: ConcealedValues.value)
        reader.read(file: file)
        let mistakes = reader.findings.filter { $0.severity == .error }
        guard mistakes.isEmpty else {
            for mistake in mistakes.prefix(ConfigurationError.linesMax) { Console.report(mistake.description) }
            throw ExitCode(ExitStatus.misuse)
        }
        return reader.builder.routes?.map(\.value)
    }

    private func learned(_ query: LearnedQuery) throws(ControlFailure) -> LearnedReport {
        do throws(ControlFailure) {
            let answer = try ControlClient(path: try control.path()).ask(.learned(query))
            guard let report = LearnedReport(answer.result) else {
                throw ControlFailure(.version, "the service has answered what isn't understood here; is it of another version?")
            }
            return report
        } catch {
            return try control.readLedger(instead: error) { (folder) throws(LedgerError) in
                try LedgerReading.learned(query, folder: folder, at: .now())
            }
        }
    }
}
