internal import ArgumentParser

/// `gatekeeperd apply FILE --confirm 120s`: a configuration that undoes itself when whoever applied it has locked themselves out.
struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Puts another configuration in force, and the old one back unless it is confirmed in time.",
        discussion: HelpText.discussion(
            "The service reads the file itself. Confirm with: gatekeeperd confirm",
            examples: "gatekeeperd apply /etc/gatekeeper/new.yaml --confirm 120s"))

    @Argument(help: ArgumentHelp("The configuration to apply.", valueName: "file"), completion: Completions.configurationFile)
    var file: String
    @Option(
        name: .long, help: ArgumentHelp("Put the old one back unless confirmed within this time, as 120s.", valueName: "time"),
        completion: .list(["60s", "120s", "10m"]))
    var confirm: String?
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let request: ControlRequest
        do {
            request = try self.request(workingDirectory: WorkingDirectory.path)
        } catch {
            throw ControlOptions.report(error)
        }
        try control.run(request, json: json)
    }

    /// The file with its whole path: the service's working directory is another.
    func request(workingDirectory: String?) throws(ValueMistake) -> ControlRequest {
        guard !file.isEmpty else { throw ValueMistake("the file has no name") }
        guard let path = file.hasPrefix("/") ? file : workingDirectory.map({ FilePath.complete(file, directory: $0) }) else {
            throw ValueMistake("the working directory is gone; give \(Quantity.quoted(file)) with its whole path")
        }
        var seconds: Int?
        if let confirm {
            seconds = try ControlRequest.confirmSeconds(Quantity.seconds(confirm))
        }
        return .apply(file: try ControlRequest.applied(path), confirmWithinSeconds: seconds)
    }
}
