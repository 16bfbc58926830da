internal import ArgumentParser

/// `gatekeeperd confirm`: what `apply --confirm` put in force stays.
struct ConfirmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Keeps the configuration that `apply --confirm` has put in force.")

    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws { try control.run(.confirm, json: json) }
}
