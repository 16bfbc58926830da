import ArgumentParser
import Testing

@testable import gatekeeperd

@Suite("Help")
struct HelpTextTests {
    private static let commands = ([RootCommand.self] + RootCommand.configuration.subcommands).filter { $0.configuration.shouldDisplay }

    private func help(_ command: any ParsableCommand.Type) -> String {
        HelpText.arranged(RootCommand.helpMessage(for: command, columns: 80))
    }

    @Test("the help of every command ends with one or two examples, on lines that aren't broken")
    func ends() {
        for command in Self.commands {
            let name = command.configuration.commandName ?? ""
            let examples = HelpText.parts(of: command.configuration.discussion).examples
            #expect((1...2).contains(examples.count), "\(name) has \(examples.count) examples; see HelpText.discussion")
            let block = "\n\nEXAMPLES:\n" + examples.map { "  " + $0.replacing("\n", with: "\n  ") }.joined(separator: "\n")
            #expect(help(command).hasSuffix(block), "\(name): \(help(command))")
            #expect(help(command).split(separator: "\n").count { $0 == HelpText.heading } == 1)
            for line in examples.joined(separator: "\n").split(separator: "\n") {
                #expect(line.count + 2 <= HelpText.columnsMax, "\(line)")
            }
        }
    }

    @Test("every example is a command line that the program takes, of the command that it stands at")
    func parse() throws {
        for command in Self.commands {
            for example in HelpText.parts(of: command.configuration.discussion).examples {
                let words = try ShellWords.split(example)
                #expect(words.first == "gatekeeperd", "\(example)")
                do {
                    let parsed = try RootCommand.parseAsRoot(try FamiliarArguments.translate(Array(words.dropFirst())))
                    #expect(type(of: parsed) == command || command == RootCommand.self, "\(example)")
                } catch {
                    Issue.record("\(example): \(RootCommand.message(for: error))")
                }
            }
        }
    }

    @Test("examples leave the text in front of them, and their lines, as they were")
    func parts() {
        let discussion = HelpText.discussion("One.\n\nTwo.", examples: "a --b \\\n    --c", "d")
        #expect(HelpText.parts(of: discussion) == ("One.\n\nTwo.", ["a --b \\\n    --c", "d"]))
        #expect(HelpText.parts(of: HelpText.discussion(examples: "a")) == ("", ["a"]))
        #expect(HelpText.arranged("no examples") == "no examples")
    }

    @Test("-c is --config wherever that is")
    func short() throws {
        for name in ["run", "check", "explain 192.0.2.1", "doctor", "status", "reload", "grants", "confirm", "denials", "revoke 192.0.2.1"]
        {
            let words = name.split(separator: " ").map(String.init)
            #expect(throws: Never.self) { try RootCommand.parseAsRoot(words + ["-c", "a.yaml"]) }
        }
        for command in Self.commands {
            let lines = help(command).split(separator: "\n").filter { $0.contains("--config <") && $0.hasPrefix("  ") }
            for line in lines where !line.contains("gatekeeperd ") { #expect(line.hasPrefix("  -c, --config <file>"), "\(line)") }
        }
    }
}
