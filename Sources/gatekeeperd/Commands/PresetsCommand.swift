internal import ArgumentParser

/// `gatekeeperd presets`: the vendors whose published addresses the configuration may name, and the ticket systems whose APIs are known.
struct PresetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presets",
        abstract: "Shows the vendors whose published addresses are known, and the APIs of ticket systems, with source and date.",
        discussion: HelpText.discussion(examples: "gatekeeperd presets", "gatekeeperd presets osticket"))

    @Argument(help: "One of them, in full.", completion: Completions.presets)
    var name: String?
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        guard let name else {
            let entries = PresetCatalog.entries
            return Console.say(.array(entries.map(\.json)), json, else: entries.map(\.overview).joined(separator: "\n"))
        }
        do throws(ValueMistake) {
            let entry = try PresetCatalog.find(name)
            Console.say(entry.json, json, else: entry.description.joined(separator: "\n"))
        } catch {
            Console.complain(error.message)
            throw ExitCode(ExitStatus.misuse)
        }
    }
}
