internal import ArgumentParser

/// `gatekeeperd presets`: the vendors whose published addresses the configuration may name.
struct PresetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presets", abstract: "Shows the vendors whose published addresses are known, with source and date.")

    @Argument(help: "One of them, in full.")
    var name: String?
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() throws {
        guard let name else {
            Console.say(
                json
                    ? JSON.array(VendorPreset.all.map(\.json)).text : VendorPreset.all.map(\.overview).joined(separator: "\n"))
            return
        }
        do throws(ValueMistake) {
            let preset = try VendorPreset.find(name)
            Console.say(json ? preset.json.text : preset.description.joined(separator: "\n"))
        } catch {
            Console.complain(error.message)
            throw ExitCode(ExitStatus.misuse)
        }
    }
}
