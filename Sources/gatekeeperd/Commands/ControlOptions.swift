internal import ArgumentParser

/// How a command reaches the running service.
struct ControlOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The control socket of the service.", valueName: "path"), completion: .file())
    var control: String?
    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp("Take the control socket's path from this configuration.", valueName: "file"),
        completion: Completions.configurationFile)
    var config: String?

    /// `--control`, else what the file of `--config` says, else the usual path.
    func path() throws(ControlFailure) -> String {
        if let control { return control }
        if let config { return try ControlPath.configured(in: config) }
        return StandardPath.controlSocket()
    }

    /// Where the service keeps its ledger, for when it doesn't answer. Whose it is must be known: `--control` alone names a socket and no folder.
    private func stateFolder() throws(ControlFailure) -> String? {
        if let config { return try Self.stateFolder(of: config) }
        guard control == nil else { return nil }
        let isConfigured = (try? FileContents.checkReadable(Configuration.defaultPath)) != nil
        return isConfigured ? try Self.stateFolder(of: Configuration.defaultPath) : StandardPath.state()
    }

    /// What the ledger of a service that isn't there holds, in place of the answer, and says so. Throws `absence` where the service is there, or
    /// nobody knows the folder.
    func readLedger<Report>(
        instead absence: ControlFailure, _ read: (_ folder: String) throws(LedgerError) -> Report
    ) throws(ControlFailure) -> Report {
        guard absence.code == .absent, let folder = try stateFolder() else { throw absence }
        let report: Report
        do throws(LedgerError) {
            report = try read(folder)
        } catch {
            throw ControlFailure(.unavailable, "\(absence.message), and \(error)")
        }
        Console.complain("\(absence.message); this is what is in \(folder)")
        return report
    }

    private static func stateFolder(of file: String) throws(ControlFailure) -> String? {
        try ConfiguredPath.value(of: "state", in: file, what: "a folder") ?? StandardPath.state()
    }

    /// Has the service do it and prints the answer: for people, or as JSON. Ends the process with the failure's status.
    func run(_ request: ControlRequest, json: Bool = false) throws {
        _ = try ask(request, json: json)
    }

    /// The same, and returns the answer for scripts.
    func ask(_ request: ControlRequest, json: Bool) throws -> JSON {
        do {
            let answer = try ControlClient(path: try path()).ask(request)
            if json || !answer.text.isEmpty { Console.say(answer.result, json, else: answer.text) }
            return answer.result
        } catch {
            throw Self.report(error)
        }
    }

    /// Says what went wrong; what it returns ends the process.
    static func report(_ failure: ControlFailure) -> ExitCode {
        for line in failure.details { Console.report(line) }
        Console.complain(failure.message)
        return ExitCode(failure.exitStatus)
    }

    /// The same for a mistake in what was asked, found before anybody was asked.
    static func report(_ mistake: ValueMistake) -> ExitCode {
        report(ControlFailure(.invalid, mistake.message))
    }
}
