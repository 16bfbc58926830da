internal import ArgumentParser

/// `gatekeeperd status`: the running service.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the running service.",
        discussion: """
            The configuration in force, certificates and when they expire, upstreams and whether they answer, grants, and each source \
            with when it was last seen.
            """)

    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws { try control.run(.status, json: json) }
}
