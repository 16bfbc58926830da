internal import ArgumentParser

/// `gatekeeperd reference`: the reference of the configuration, as `make reference` puts it into the guide.
struct ReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Prints the reference of the configuration file, as Markdown.", shouldDisplay: false)

    func run() {
        Console.say(Reference.page)
    }
}
