internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd revoke ADDRESS`: a grant ends now.
struct RevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Ends a grant at once, and the connections that it let in.",
        discussion: HelpText.discussion(examples: "gatekeeperd revoke 198.51.100.7"))

    @Argument(help: ArgumentHelp("The address or network, as it was granted.", valueName: "address"), completion: Completions.grants)
    var address: String
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let address: AddressPrefix
        do {
            address = try GrantRequest.address(self.address)
        } catch {
            throw ControlOptions.report(error)
        }
        try control.run(.revoke(address), json: json)
    }
}
