import ArgumentParser
import Testing

@testable import gatekeeperd

@Suite("Completions")
struct CompletionsTests {
    @Test("without a service, and whatever the words are, there are no grants, at once and silently")
    func nobody() throws {
        let folder = try TemporaryFolder()
        for words in [
            ["gatekeeperd", "revoke", "--control", folder.file("none"), ""], ["revoke", "--control=\(folder.file("none"))", ""],
            ["gatekeeperd", "revoke", "-c", folder.file("none.yaml"), ""],
            ["revoke", "--config", try folder.write("a: [", to: "bad.yaml")],
        ] { #expect(Completions.grants(of: words) == [], "\(words)") }
    }

    @Test("every script offers the keys of --set, presets and the ways of turning somebody away")
    func words() {
        let scripts = Completions.scripts
        #expect(scripts.map(\.file) == ["gatekeeperd.bash", "_gatekeeperd", "gatekeeperd.fish"])
        for (file, text) in scripts {
            for word in ["limits.head=", "on_deny=", "tier2tickets", "osticket", "drop"] {
                #expect(text.contains(word), "\(file): \(word)")
            }
            #expect(!text.contains("allow[].label="), "\(file)")
            // The library's own call of the program, which may have changed with it.
            #expect(text.contains(" 2>/dev/null"), "\(file)")
            #expect(!text.hasPrefix("#!"), "\(file)")
        }
        #expect(scripts[1].text.contains("tight=(-S '')"))
        #expect(scripts[2].text.contains("commandline -ct)"))
    }

    @Test("what can be set by --set is what is offered")
    func assignments() throws {
        let script = Completions.scripts[2].text
        for setting in Schema.settings where script.contains("'\(setting.path)='") {
            let flag = try Configuration.Flag.assignments(["\(setting.path)=x"])
            #expect(flag.first?.key == setting.path)
        }
    }
}
