import Foundation
import Testing

/// What a shell offers, asked of bash with Debian's bash-completion as it asks when somebody presses the key.
@Suite("Completions of the shell")
struct CompletionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Daemon.run(["reference", "gatekeeperd.bash"]).output, to: "gatekeeperd.bash")
    }

    private func offered(_ line: String) throws -> (words: Set<String>, errors: String) {
        let script = Daemon.packageRoot.appendingPathComponent("scripts/complete").path
        let process = try ChildProcess(
            script, ["bash", folder.path, line], output: OpenFile(creating: folder.file("out")),
            errors: OpenFile(creating: folder.file("err")),
            environment: ["PATH": (Daemon.binary as NSString).deletingLastPathComponent + ":/usr/bin:/bin"])
        guard try process.waitForEnd() == .exited(0) else {
            throw Failure(try String(contentsOfFile: folder.file("err"), encoding: .utf8))
        }
        let words = try String(contentsOfFile: folder.file("out"), encoding: .utf8).split(separator: "\n").map(String.init)
        return (Set(words), try String(contentsOfFile: folder.file("err"), encoding: .utf8))
    }

    @Test("bash offers commands, choices, keys, presets and files")
    func bash() throws {
        try folder.write("", to: "door.yaml")
        try folder.write("", to: "door.txt")
        for (line, words) in [
            ("gatekeeperd che", ["check"]), ("gatekeeperd check --on-deny ", ["reset", "close", "drop"]),
            ("gatekeeperd run --set limits.he", ["limits.head="]), ("gatekeeperd presets tier", ["tier2tickets"]),
            ("gatekeeperd init --ticket-system osti", ["osticket"]),
            ("gatekeeperd check -c \(folder.path)/d", ["\(folder.path)/door.yaml"]),
            ("gatekeeperd doctor --skip clo", ["clock"]), ("gatekeeperd run --on-deny x", []),
            ("gatekeeperd check --key \(folder.path)/door.t", ["\(folder.path)/door.txt"]),
        ] {
            let offered = try offered(line)
            #expect(offered.words == Set(words) && offered.errors.isEmpty, "\(line): \(offered)")
        }
    }

    @Test("revoke is offered the grants that there are, IPv6 too, and nothing where no service runs")
    func grants() throws {
        let upstream = try ScriptedUpstream(.echo)
        let socket = folder.file("control.sock")
        let daemon = try Daemon(upstream: upstream.url, settings: "state: \(folder.file("state"))\ncontrol: \(socket)")
        for address in ["198.51.100.7", "2001:db8:1::/48"] {
            #expect(try Daemon.run(["grant", address, "--for", "1h", "--reason", "x", "--control", socket]).ending == .exited(0))
        }
        // The service has 200 ms for its answer, as somebody waits with a finger on the key: on a machine that is busy it may take longer.
        for option in ["--control \(socket)", "-c \(daemon.configuration)"] {
            #expect(
                try eventually { try offered("gatekeeperd revoke \(option) ").words == ["198.51.100.7", "2001:db8:1::/48"] }, "\(option)")
        }
        // Bash puts what is behind the last colon in the place of what was typed there.
        #expect(try eventually { try offered("gatekeeperd revoke --control \(socket) 2001:db").words == ["db8:1::/48"] })
        try daemon.terminate()
        let began = Date()
        let none = try offered("gatekeeperd revoke --control \(socket) ")
        #expect(none.words.isEmpty && none.errors.isEmpty)
        // Where it waits for an answer, it is 10 s.
        #expect(Date().timeIntervalSince(began) < 9)
    }

    @Test("the manual's pages are printed one by one, and mandoc and lexgrog have nothing to say against them")
    func manual() throws {
        let names = try Daemon.run(["reference", "list"]).output.split(separator: "\n").map(String.init)
            .filter { $0.hasSuffix(".8") || $0.hasSuffix(".5") }
        #expect(names.count > 15)
        for name in names { try folder.write(Daemon.run(["reference", name], environment: ["SOURCE_DATE_EPOCH": "0"]).output, to: name) }
        let script = Daemon.packageRoot.appendingPathComponent("scripts/man-check").path
        let process = try ChildProcess(
            script, [folder.path], output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("err")))
        let ending = try process.waitForEnd()
        let said = try String(contentsOfFile: folder.file("err"), encoding: .utf8)
        #expect(ending == .exited(0), "\(said)")
        let wrong = try Daemon.run(["reference", "gatekeeperd.9"])
        #expect(wrong.ending == .exited(2) && wrong.errors.contains("reference list"))
    }
}
