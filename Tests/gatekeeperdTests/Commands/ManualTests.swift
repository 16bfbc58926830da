import ArgumentParser
import Foundation
import Testing

@testable import gatekeeperd

@Suite("The manual")
struct ManualTests {
    private static let pages = Manual(date: "2026-12-31").pages

    private func page(_ file: String) throws -> String { try #require(Self.pages.first { $0.file == file }?.text, "\(file)") }

    /// As it is read, of a text without macros.
    private func read(_ text: some StringProtocol) -> String {
        var text = String(text)
        if text.hasPrefix("\\&") { text.removeFirst(2) }
        for (escape, meaning) in [
            ("\\fB", ""), ("\\fI", ""), ("\\fR", ""), ("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\(ha", "^"), ("\\(ti", "~"),
            ("\\(dq", "\""), ("\\e", "\\"),
        ] { text = text.replacing(escape, with: meaning) }
        return text
    }

    /// What stands between `.EX` and `.EE`.
    private func examples(in page: String) -> [String] {
        page.components(separatedBy: "\n.EX\n").dropFirst().map { block in
            (block.components(separatedBy: "\n.EE")[0]).split(separator: "\n", omittingEmptySubsequences: false).map { read($0) }
                .joined(separator: "\n")
        }
    }

    private static let commands = RootCommand.configuration.subcommands.filter { $0.configuration.shouldDisplay }

    @Test("every command has a page, which the daemon's refers to, with its options and the examples of its help")
    func commands() throws {
        let daemon = try page("gatekeeperd.8")
        #expect(Self.pages.count == Self.commands.count + 2)
        for command in Self.commands {
            let name = command.configuration.commandName ?? ""
            let text = try page("gatekeeperd-\(name).8")
            #expect(examples(in: text) == HelpText.parts(of: command.configuration.discussion).examples, "\(name)")
            #expect(daemon.contains(".BR gatekeeperd\\-\(name) (8)"), "\(name)")
            let shown = read(text)
            for match in RootCommand.helpMessage(for: command, columns: 200).matches(of: #/\n  (?:-\w, )?(--[a-z-]+)/#) {
                #expect(shown.contains("\n\(match.1)") || shown.contains(", \(match.1)"), "\(name): \(match.1)")
            }
        }
        #expect(examples(in: daemon) == HelpText.parts(of: RootCommand.configuration.discussion).examples)
        for title in ["FILES", "SIGNALS", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"] { #expect(daemon.contains("\n.SH \"\(title)\"\n")) }
    }

    @Test("every key is in gatekeeper.yaml(5), with what the reference says of it")
    func keys() throws {
        let text = read(try page("gatekeeper.yaml.5"))
        for setting in Schema.settings {
            let heading = setting.path.contains(".") ? "\n.TP\n\(setting.path)\n" : "\n.SS \"\(setting.path)\"\n"
            #expect(text.contains(heading), "\(setting.path)")
        }
    }

    @Test("the configuration in gatekeeper.yaml(5) is one that is accepted, without a warning")
    func example() throws {
        let example = try #require(examples(in: try page("gatekeeper.yaml.5")).first)
        #expect(example.contains("\nupstream:\n"))
        let folder = try ScratchFolder(["gatekeeper.yaml": example, "fullchain.pem": "", "privkey.pem": ""])
        do throws(ConfigurationError) {
            #expect(try Configuration.load(file: folder.file("gatekeeper.yaml"), flags: []).warnings.isEmpty)
        } catch {
            Issue.record("\(error.lines)")
        }
    }

    @Test("nothing that is text is taken for a macro or an escape")
    func escapes() throws {
        let macros: Set<Substring> = [".TH", ".SH", ".SS", ".PP", ".TP", ".SY", ".YS", ".RS", ".RE", ".EX", ".EE", ".BR", ".\\\""]
        for page in Self.pages {
            for line in page.text.split(separator: "\n") {
                if line.hasPrefix(".") { #expect(macros.contains(line.prefix { $0 != " " }), "\(page.file): \(line)") }
                #expect(!line.hasPrefix("'"), "\(page.file): \(line)")
                guard !line.hasPrefix(".\\\"") else { continue }
                let known = line.matches(of: #/\\(?:e|-|&|f[BIR]|\((?:aq|ga|ha|ti|dq))/#).count
                #expect(line.count { $0 == "\\" } == known, "\(page.file): \(line)")
            }
        }
        var roff = Roff(name: "x", section: 1, date: "2026-12-31", source: "a \"b\"", manual: "m")
        roff.paragraph(".leading dot, a\\nb, `--bold`, 'quoted'")
        roff.example("'.\n.TH x\n\\fB")
        #expect(
            roff.text.hasSuffix(
                """
                .PP
                \\&.leading dot, a\\enb, \\fB\\-\\-bold\\fR, \\(aqquoted\\(aq
                .PP
                .RS 4
                .EX
                \\(aq.
                \\&.TH x
                \\efB
                .EE
                .RE

                """))
    }

    @Test("a page's first lines are what whatis reads, and its date the builder's")
    func heads() {
        for page in Self.pages {
            let name = page.file.dropLast(2)
            #expect(
                page.text.contains(#/\n\.TH "[A-Z.\\-]+" [58] 2026-12-31 "Gatekeeper [0-9.]+" "[A-Za-z ]+"\n\.SH "NAME"\n/#), "\(page.file)"
            )
            let line = page.text.components(separatedBy: "\n.SH \"NAME\"\n")[1].prefix { $0 != "\n" }
            #expect(read(line).hasPrefix("\(name) - ") && !line.hasSuffix("."), "\(page.file)")
        }
        let epoch = WallTime(milliseconds: 86_400_000 * 365)
        #expect(Manual.date(environment: { _ in "86400" }, now: epoch) == "1970-01-02")
        #expect(Manual.date(environment: { _ in nil }, now: epoch) == "1971-01-01")
    }
}
