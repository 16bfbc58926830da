import ArgumentParser
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Flags of run")
struct ConfigurationFlagTests {
    private static let files = ["chain.pem": "", "key.pem": ""]

    private func configuration(_ arguments: [String], in folder: ScratchFolder) throws -> Configuration {
        let command = try RunCommand.parse(arguments.map { $0.replacing("@", with: folder.path) })
        return try Configuration.load(file: command.options.config, flags: command.options.flags)
    }

    @Test("flags alone build the same settings as a file")
    func alone() throws {
        let folder = try ScratchFolder(Self.files)
        let configuration = try configuration(
            [
                "--listen", "127.0.0.1:0", "--listen", "[::1]:8443", "--certificate", "@/chain.pem", "--key", "@/key.pem", "--allow",
                "127.0.0.2",
                "--allow", "10.0.0.0/24", "--upstream", "http://127.0.0.1:8080", "--on-deny", "close", "--log", "@/access.log",
            ], in: folder)
        #expect(configuration.settings.listeners.map(\.address.description) == ["127.0.0.1:0", "[::1]:8443"])
        #expect(configuration.settings.allow.map(\.prefix.description) == ["127.0.0.2", "10.0.0.0/24"])
        #expect(configuration.settings.allow.map(\.origin) == ["--allow", "--allow"])
        #expect(configuration.settings.upstream.servers[0].name == "http://127.0.0.1:8080")
        #expect(configuration.settings.onDeny == .close)
        #expect(configuration.logDestination == .file(folder.file("access.log")))
    }

    @Test("a flag replaces what the file says under its key, and nothing else")
    func replaces() throws {
        let folder = try ScratchFolder(Self.files.merging(["gatekeeper.yaml": minimal("on_deny: close")]) { $1 })
        let configuration = try configuration(
            ["--config", "@/gatekeeper.yaml", "--allow", "127.0.0.7", "--listen", "127.0.0.1:1"], in: folder)
        #expect(configuration.settings.allow.map(\.prefix.description) == ["127.0.0.7"])
        #expect(configuration.settings.listeners.map(\.address.port) == [1])
        #expect(configuration.settings.onDeny == .close)
    }

    @Test("any key can be set, a list's once for each element, in the place of what the file says")
    func set() throws {
        let folder = try ScratchFolder(Self.files.merging(["gatekeeper.yaml": minimal("on_deny: close")]) { $1 })
        let configuration = try configuration(
            [
                "--config", "@/gatekeeper.yaml", "--set", "limits.head=8KiB", "--set", "allow=127.0.0.7", "--set", "allow=127.0.0.8",
                "--set", "upstream.url=http://127.0.0.1:81/",
            ], in: folder)
        #expect(configuration.settings.limits.headBytesMax == 8192)
        #expect(configuration.settings.allow.map(\.prefix.description) == ["127.0.0.7", "127.0.0.8"])
        #expect(configuration.settings.allow.map(\.origin) == ["--set allow", "--set allow"])
    }

    @Test(
        "what can't be set is named with its key",
        arguments: [
            ("limits.haed=1KiB", "--set limits.haed: unknown key; did you mean limits.head?"),
            ("allow[].label=x", "--set allow[].label: unknown key"), ("limits=1", "--set limits: limits holds further keys"),
            ("shield=1000/s", "--set shield: \"1000/s\" is neither off nor the keys"),
            ("shield.above=5", "--set shield.above: \"5\" is not a rate"),
            ("workers=x", "--set workers: \"x\" is not a number"),
        ])
    func setMistakes(assignment: String, message: String) throws {
        let folder = try ScratchFolder(Self.files.merging(["gatekeeper.yaml": minimal()]) { $1 })
        #expect {
            try configuration(["--config", "@/gatekeeper.yaml", "--set", assignment], in: folder)
        } throws: {
            ($0 as? ConfigurationError)?.lines.count { $0.hasPrefix(message) } == 1
        }
    }

    @Test("what is no assignment is wrong usage", arguments: ["limits.head", "=1", ""])
    func noAssignment(text: String) {
        #expect(throws: (any Error).self) { try RunCommand.parse(["--set", text]) }
    }

    @Test("mistakes are named by their flag, all at once")
    func mistakes() throws {
        let folder = try ScratchFolder(Self.files)
        let arguments = ["--listen", "x", "--allow", "300.1.1.1", "--allow", "0.0.0.0/0", "--key", "@/none.pem", "--upstream", "ftp://x"]
        #expect { try configuration(arguments, in: folder) } throws: { error in
            let lines = (error as? ConfigurationError)?.lines ?? []
            return Set(lines.map { String($0.prefix { $0 != ":" }) }) == ["--listen", "--allow", "--key", "--upstream", "command line"]
                && lines.count { $0.hasPrefix("--allow: ") } == 2
                && lines.last == "command line: --certificate is missing: the path of a PEM file with the chain, leaf first"
        }
    }

    @Test("a certificate alone is not enough: everything that is missing is said")
    func missing() throws {
        #expect { try configuration(["--listen", "127.0.0.1:0"], in: ScratchFolder()) } throws: { error in
            (error as? ConfigurationError)?.lines.map { String($0.dropFirst("command line: ".count).prefix { $0 != " " }) }
                == ["--certificate", "--key", "--allow", "--upstream"]
        }
    }

    @Test("unknown flags and flags without a value don't parse", arguments: [["--banana"], ["--listen"], ["extra"], ["--workers", "1"]])
    func unknown(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try RunCommand.parse(arguments) }
    }
}
