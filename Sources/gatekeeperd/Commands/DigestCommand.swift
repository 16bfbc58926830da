internal import ArgumentParser

/// `gatekeeperd digest`: the morning look.
struct DigestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest",
        abstract: "Shows on one screen what the last day has brought.",
        discussion: HelpText.discussion(
            """
            Who was let in and how much, who was silent, who was turned away, problems, certificates, changes. The running service is \
            asked, and counts in whole hours: the one that the beginning lies in is in. The same is in the log each day, and sent to those \
            under notify, at the time that digest says in the configuration.
            """,
            examples: "gatekeeperd digest", "gatekeeperd digest --since 7d --json"))

    @Option(name: .long, help: ArgumentHelp("How far back, as 24h or 7d.", valueName: "duration"), completion: Completions.durations)
    var since = "24h"
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let query: DigestQuery
        do {
            query = try DigestQuery(duration: since)
        } catch {
            throw ControlOptions.report(error)
        }
        try control.run(.digest(query), json: json)
    }
}
