import Testing

@testable import gatekeeperd

@Suite("Arguments by the habit of nginx")
struct FamiliarArgumentsTests {
    private func translated(_ words: String...) throws -> [String] { try FamiliarArguments.translate(words) }

    @Test("-t is check, wherever -c stands")
    func test() throws {
        #expect(try translated("-t") == ["check"])
        #expect(try translated("-t", "-c", "a.yaml") == ["check", "-c", "a.yaml"])
        #expect(try translated("-c", "a.yaml", "-t") == ["check", "-c", "a.yaml"])
        #expect(try translated("-tc", "a.yaml") == ["check", "-c", "a.yaml"])
        #expect(try translated("-t", "a.yaml", "--json") == ["check", "a.yaml", "--json"])
    }

    @Test("-v and -V tell the version, shortly and in full")
    func version() throws {
        #expect(try translated("-v") == ["--version"])
        #expect(try translated("-V") == ["version"])
        #expect(try translated("-V", "--json") == ["version", "--json"])
        #expect(VersionCommand.lines[0] == "gatekeeperd \(Version.current)" && VersionCommand.lines[1].hasPrefix("OpenSSL "))
        #expect(VersionCommand.facts.string("openssl")?.hasPrefix("OpenSSL ") == true)
    }

    @Test(
        "what has no like of it here says what to type",
        arguments: [
            (["-T"], "gatekeeperd -t"), (["-s", "reload"], "gatekeeperd reload"), (["-s", "quit"], "systemctl stop gatekeeperd"),
            (["-s", "reopen"], "SIGUSR1"), (["-s"], "gatekeeperd reload"), (["-c", "a.yaml"], "gatekeeperd run -c \"a.yaml\""),
            (["-c"], "gatekeeperd -t -c FILE"), (["-c", "a.yaml", "check"], "gatekeeperd -t -c"),
        ])
    func advice(words: [String], advice: String) {
        #expect { try FamiliarArguments.translate(words) } throws: { ($0 as? ValueMistake)?.message.contains(advice) == true }
    }

    @Test(
        "a command, a long option and -h stay as they are",
        arguments: [["check", "-t"], ["--version"], ["--help"], ["-h"], [], ["status", "-c", "a.yaml"], ["-x"]])
    func others(words: [String]) throws {
        #expect(try FamiliarArguments.translate(words) == words)
    }
}
