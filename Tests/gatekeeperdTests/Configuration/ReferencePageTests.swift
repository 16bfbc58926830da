import ArgumentParser
import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The reference of the configuration")
struct ReferencePageTests {
    private static let path = "docs/guide/configuration.md"

    @Test("the page in the guide is what the table of keys says")
    func isCurrent() throws {
        let file = Daemon.packageRoot.appendingPathComponent(Self.path)
        let written = try? String(contentsOf: file, encoding: .utf8)
        #expect(written == Reference.page + "\n", "\(Self.path) is stale: make reference writes it anew")
    }

    @Test("the example at the top is a configuration without a mistake or a warning")
    func example() throws {
        let yaml = try #require(Reference.page.firstMatch(of: /```yaml\n((?s).*?)\n```/)).1
        let configuration = try load(String(yaml), files: ["fullchain.pem": "", "privkey.pem": ""])
        #expect(configuration.warnings.isEmpty)
        #expect(configuration.settings.allow.count == 4)
        #expect(configuration.settings.routes?.routes.count == 2)
    }

    @Test("every key is there once, with its default, its flag and what it is for")
    func keys() throws {
        let lines = Reference.page.split(separator: "\n", omittingEmptySubsequences: false)
        for setting in Schema.settings {
            let opening = setting.path.contains(".") ? "* `\(setting.path)`" : "## \(setting.path)"
            let places = lines.indices.filter { lines[$0] == opening || lines[$0].hasPrefix(opening + ":") }
            #expect(places.count == 1, "\(setting.path)")
            let end = try lines[(#require(places.first) + 1)...].firstIndex { $0.hasPrefix("* ") || $0.hasPrefix("## ") } ?? lines.endIndex
            let entry = try lines[#require(places.first)..<end].map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
            #expect(entry.contains(setting.summary))
            if case .notYet = setting.rule { #expect(entry.contains("**Not supported yet**")) }
            if case .scalar(let rule) = setting.rule, let text = rule.defaultText { #expect(entry.contains("Default: `\(text)`.")) }
            if let flag = Schema.flag(for: setting.path) { #expect(entry.contains("Flag: `\(flag)`.")) }
        }
        #expect(Reference.page.contains("## shield\n\nWhen strangers come in a flood"))
        #expect(Reference.page.contains("Value: off, or keys as below."))
    }

    @Test("flags are those of run, and each sets a key that is there")
    func flags() throws {
        for (name, path) in Schema.flags {
            #expect(Schema.setting(path) != nil)
            let flags = try RunCommand.parse([name, "x"]).options.flags
            #expect(flags.map(\.name) == [name] && flags.map(\.key) == [path] && flags.map(\.values) == [["x"]])
        }
    }

    @Test("no line is too wide for a terminal")
    func width() {
        for line in Reference.page.split(separator: "\n") { #expect(line.count <= 132, "\(line)") }
    }
}
