internal import ArgumentParser

/// `gatekeeperd denials`: who was turned away.
struct DenialsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "denials",
        abstract: "Shows who was turned away, how often and why.",
        discussion: HelpText.discussion(
            """
            One line a source, most denials first. The running service is asked; where none runs, what it left in the state folder is \
            read. Denials are counted by the hour, and kept for \(DenialTable.Bounds.standard.days) days. While a source of the list stays away for \
            longer than is its habit, those that may be it are marked.
            """,
            examples: "gatekeeperd denials --since 7d --top 20", "gatekeeperd denials --json"))

    @Option(name: .long, help: ArgumentHelp("How far back, as 24h or 7d.", valueName: "duration"), completion: Completions.durations)
    var since = "24h"
    @Option(name: .long, help: ArgumentHelp("How many sources to show, at most \(DenialQuery.topMax).", valueName: "count"))
    var top = DenialQuery.usual.top
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        let query: DenialQuery
        do {
            query = try DenialQuery(duration: since, top: top)
        } catch {
            throw ControlOptions.report(error)
        }
        do {
            try show(query)
        } catch {
            throw ControlOptions.report(error)
        }
    }

    private func show(_ query: DenialQuery) throws(ControlFailure) {
        do {
            let answer = try ControlClient(path: try control.path()).ask(.denials(query))
            Console.say(answer.result, json, else: answer.text)
        } catch {
            let report = try control.readLedger(instead: error) { (folder) throws(LedgerError) in
                try LedgerReading.denials(query, folder: folder, at: .now())
            }
            Console.say(report.json, json, else: report.lines.joined(separator: "\n"))
        }
    }
}
