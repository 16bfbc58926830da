internal import ArgumentParser

/// `gatekeeperd confirm`: what `apply --confirm` put in force stays.
struct ConfirmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Keeps the configuration that `apply --confirm` has put in force.",
        discussion: HelpText.discussion(
            "It takes the place of the service's configuration file, which is kept beside it with .previous behind its name.",
            examples: "gatekeeperd confirm"))

    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let answer = try control.ask(.confirm, json: json)
        guard let target = answer.string("target"), let text = answer.string("text") else { return }
        do {
            try ConfigurationFile.replace(target, with: text)
        } catch {
            Console.complain("cannot \(error); until \(target) holds what was confirmed, a restart brings the old configuration back")
            throw ExitCode(ExitStatus.failure)
        }
    }
}
