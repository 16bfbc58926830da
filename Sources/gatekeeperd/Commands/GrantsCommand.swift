internal import ArgumentParser

/// `gatekeeperd grants`: who is admitted for a while, and why.
struct GrantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grants",
        abstract: "Shows who is admitted for a while, until when, by whom and why.",
        discussion: HelpText.discussion(examples: "gatekeeperd grants", "gatekeeperd grants --all --json"))

    @Flag(name: .long, help: "Those that have ended, too: the newest \(GrantBook.countMax) in all.")
    var all = false
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws { try control.run(.grants(all: all), json: json) }
}
