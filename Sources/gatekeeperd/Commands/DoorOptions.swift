internal import ArgumentParser

/// The least that a service has to be told.
struct DoorOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Accept connections here, as 0.0.0.0:443; may be repeated.", valueName: "address"))
    var listen: [String] = []
    @Option(name: .long, help: ArgumentHelp("A PEM file with the chain, leaf first.", valueName: "file"), completion: .file())
    var certificate: String?
    @Option(name: .long, help: ArgumentHelp("A PEM file with the private key.", valueName: "file"), completion: .file())
    var key: String?
    @Option(name: .long, help: ArgumentHelp("An address or network that may connect; may be repeated.", valueName: "address"))
    var allow: [String] = []
    @Option(name: .long, help: ArgumentHelp("The ticket system: http://host:port, https://host:port or unix:/path.", valueName: "url"))
    var upstream: String?
}
