internal import ArgumentParser

/// `gatekeeperd grant ADDRESS --for 2h --reason "…"`: an entry in the allow-list that ends by itself.
struct GrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant",
        abstract: "Admits an address for a while.",
        discussion: HelpText.discussion(
            """
            It survives a restart, is recorded with who asked, and ends to the second, together with its connections. For an address that \
            has a grant already the end is put off. Where routes are for some sources (from), it gets those that are for everybody, and with \
            --label those of that source as well.
            """,
            examples: "gatekeeperd grant 198.51.100.7 --for 2h --reason \"look at ticket 4711\"",
            "gatekeeperd grant 198.51.100.7 --for 2h --reason moved --label Vendor"))

    @Argument(help: ArgumentHelp("An address or a network, IPv4 or IPv6.", valueName: "address"))
    var address: String
    @Option(
        name: .customLong("for"), help: ArgumentHelp("For how long, as 2h; at most 30d.", valueName: "time"),
        completion: Completions.durations)
    var duration: String
    @Option(name: .long, help: ArgumentHelp("Why, for whoever reads the log.", valueName: "text"))
    var reason: String
    @Option(
        name: .long,
        help: ArgumentHelp("A label of the allow-list: it gets the routes of that source, and is called so in the log.", valueName: "label")
    )
    var label: String?
    @Flag(name: .long, help: "Admit it though there is a lockdown.")
    var duringLockdown = false
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        var request: GrantRequest
        do {
            request = try GrantRequest(address: address, duration: duration, reason: reason, label: label)
        } catch {
            throw ControlOptions.report(error)
        }
        request.isDuringLockdown = duringLockdown
        try control.run(.grant(request), json: json)
    }
}
