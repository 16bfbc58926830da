internal import ArgumentParser

/// `gatekeeperd reload`: SIGHUP with an answer.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Reads the configuration again and says what changed, or why the old one stays.",
        discussion: HelpText.discussion(
            "Exits 0 when the new one is in force and 2 when the old one stays.",
            examples: "gatekeeperd reload", "gatekeeperd reload --json"))

    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws { try control.run(.reload, json: json) }
}
