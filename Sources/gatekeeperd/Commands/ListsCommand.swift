internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd lists`: lists that change, and what waits for a person.
struct ListsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lists",
        abstract: "Shows the lists that vendors publish and what has changed there, or takes a change.",
        discussion: HelpText.discussion(
            """
            Of a list by url nothing is admitted before somebody has accepted it, the first time included. `lists accept LABEL` takes what is \
            proposed, as it was last shown; with --digest exactly that. What a name stands for (hosts) is admitted as it is, and shown here too.
            """,
            examples: "gatekeeperd lists", "gatekeeperd lists accept Vendor --digest 1a2b3c4d"))

    @Argument(help: ArgumentHelp("accept, to take what is proposed.", valueName: "accept"), completion: .list(["accept"]))
    var action: String?
    @Argument(help: ArgumentHelp("The label of the list.", valueName: "label"), completion: Completions.labels)
    var label: String?
    @Option(name: .long, help: ArgumentHelp("What was shown, by its digest.", valueName: "digest"))
    var digest: String?
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func validate() throws {
        guard let action else {
            if digest != nil { throw ValidationError("--digest says what to accept: lists accept LABEL --digest D") }
            return
        }
        guard action == "accept" else { throw ValidationError("lists knows accept alone: lists accept LABEL") }
        guard label != nil else { throw ValidationError("which list? lists accept LABEL; `gatekeeperd lists` shows them") }
    }

    func run() throws {
        guard action != nil, let label else { return try control.run(.lists, json: json) }
        try control.run(.acceptList(label: label, digest: digest?.lowercased()), json: json)
    }
}
