internal import ArgumentParser

/// `gatekeeperd grant ADDRESS --for 2h --reason "…"`: an entry in the allow-list that ends by itself.
struct GrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Admits an address for a while.",
        discussion: HelpText.discussion(
            """
            It survives a restart, is recorded with who asked, and ends to the second, together with its connections. For an address that \
            has a grant already the end is put off.
            """,
            examples: "gatekeeperd grant 198.51.100.7 --for 2h --reason \"look at ticket 4711\""))

    @Argument(help: ArgumentHelp("An address or a network, IPv4 or IPv6.", valueName: "address"))
    var address: String
    @Option(
        name: .customLong("for"), help: ArgumentHelp("For how long, as 2h; at most 30d.", valueName: "time"),
        completion: Completions.durations)
    var duration: String
    @Option(name: .long, help: ArgumentHelp("Why, for whoever reads the log.", valueName: "text"))
    var reason: String
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let request: GrantRequest
        do {
            request = try GrantRequest(address: address, duration: duration, reason: reason)
        } catch {
            throw ControlOptions.report(error)
        }
        try control.run(.grant(request), json: json)
    }
}
