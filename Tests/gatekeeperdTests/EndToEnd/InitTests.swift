import Foundation
import Testing

@Suite("The command init")
struct InitTests {
    private let folder: TemporaryFolder
    private var file: String { folder.file("gatekeeper.yaml") }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func flags(upstream: String = "http://127.0.0.1:8080") throws -> [String] {
        let leaf = try Certificates.shared().leaf(.ecdsa)
        return ["init", "--output", file, "--listen", "127.0.0.1:0", "--certificate", leaf.certificate, "--key", leaf.key]
            + ["--allow", "127.0.0.2", "--preset", "tier2tickets", "--upstream", upstream]
    }

    /// What each line is about.
    private func subjects(_ errors: String) -> [Substring] { errors.split(separator: "\n").map { $0.prefix { $0 != ":" } } }

    private var text: String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

    @Test("what flags say becomes a file that the service serves by, readable for its group only")
    func flags() throws {
        let upstream = try ScriptedUpstream(.echo)
        let said = try Daemon.run(flags(upstream: upstream.url))
        #expect(said.ending == .exited(0) && said.errors.isEmpty, "\(said.errors)")
        for next in ["gatekeeperd check --config \(file)\n", "systemctl enable --now gatekeeperd\n"] { #expect(said.output.contains(next)) }
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o640)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["gatekeeper.yaml"])

        let daemon = try Daemon(configuredIn: folder)
        #expect(try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.started.number("allowed") == 3)
        #expect(daemon.diagnostics.isEmpty)
    }

    @Test("a file that is there stays, unless it is to be replaced; then the old one is kept beside it")
    func existing() throws {
        try folder.write("old", to: "gatekeeper.yaml")
        let said = try Daemon.run(flags())
        #expect(said.ending == .exited(2) && said.output.isEmpty)
        #expect(said.errors == "gatekeeperd: \(file) is there already; --force replaces it\n")
        #expect(text == "old")

        try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: file)
        #expect(try Daemon.run(flags() + ["--force"]).ending == .exited(0))
        #expect(text.hasPrefix("# The configuration of gatekeeperd."))
        // Who may read it stays as somebody has made it.
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o604)
        #expect(try String(contentsOfFile: file + ".previous", encoding: .utf8) == "old")
    }

    @Test(
        "what is known of the ticket system is written down, and check has nothing to say against it",
        arguments: ["osTicket", "roundup", "TOPdesk"])
    func ticketSystem(name: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let said = try Daemon.run(flags(upstream: upstream.url) + ["--ticket-system", name])
        #expect(said.ending == .exited(0), "\(said.errors)")
        #expect(text.contains("\n  preset: \(name.lowercased())\n"))
        let reuse = ["osTicket": "\n  reuse_after_body: true\n", "roundup": "\n  reuse_after_body: false\n"]
        #expect(text.contains("reuse_after_body") == (reuse[name] != nil))
        if let line = reuse[name] { #expect(text.contains(line)) }
        let check = try Daemon.run(["check", "--config", file])
        #expect(check.ending == .exited(0) && !(check.output + check.errors).contains("reuse_after_body"), "\(check)")

        let wrong = try Daemon.run(flags() + ["--force", "--ticket-system", "osTickets"])
        #expect(wrong.ending == .exited(2) && wrong.errors.contains("did you mean osticket?"), "\(wrong.errors)")
    }

    @Test("folders that aren't there are made")
    func folders() throws {
        let deep = folder.file("a/b/gatekeeper.yaml")
        let said = try Daemon.run(flags().map { $0 == file ? deep : $0 })
        #expect(said.ending == .exited(0), "\(said.errors)")
        #expect(try FileManager.default.attributesOfItem(atPath: deep)[.posixPermissions] as? Int == 0o640)
    }

    @Test("a dash prints the file, and nothing else")
    func dash() throws {
        #expect(try Daemon.run(flags()).ending == .exited(0))
        let said = try Daemon.run(flags().map { $0 == file ? "-" : $0 })
        #expect(said.ending == .exited(0) && said.errors.isEmpty)
        #expect(said.output == text.replacing("--config \(file)", with: "--config /etc/gatekeeper/gatekeeper.yaml"))
    }

    @Test("without a terminal, what is missing or wrong is said by its flag, all of it, and nothing is written")
    func mistakes() throws {
        let missing = try Daemon.run(["init", "--output", file])
        #expect(missing.ending == .exited(2))
        #expect(subjects(missing.errors) == ["--allow or --preset is missing", "--upstream is missing"])
        let wrong = try Daemon.run(["init", "--output", file, "--listen", "x", "--allow", "0.0.0.0/0", "--upstream", "ftp://x"])
        #expect(wrong.ending == .exited(2))
        #expect(subjects(wrong.errors) == ["--listen", "--allow", "--upstream"])
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test("a certificate that isn't there yet is mentioned, and the file is written")
    func certificateToCome() throws {
        let said = try Daemon.run(["init", "--output", file, "--allow", "192.0.2.1", "--upstream", "http://127.0.0.1:1"])
        #expect(said.ending == .exited(0))
        #expect(said.errors.contains("not there yet: tls.certificate: \(folder.path)/tls/fullchain.pem cannot be read"))
        #expect(text.contains("  certificate: tls/fullchain.pem\n"))
    }

    @Test("on a terminal it asks, asks again after a wrong answer, and takes usual values for empty ones")
    func questions() throws {
        let answers = ["", "", "", "none", "300.1.1.1", "192.0.2.7 2001:db8::/48", "http://127.0.0.1:81"]
        let (ending, shown) = try answer(answers.map { $0 + "\n" }.joined(), to: ["init", "--output", file])
        #expect(ending == .exited(0), "\(shown)")
        #expect(shown.contains("to accept connections on [0.0.0.0:443]: "))
        #expect(shown.components(separatedBy: "Addresses and networks that may connect").count == 3)
        let expected = [
            "  - 0.0.0.0:443", "  certificate: tls/fullchain.pem", "  - 192.0.2.7", "  - 2001:db8::/48", "  url: http://127.0.0.1:81",
        ]
        for line in expected {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        #expect(!text.contains("{preset: tier2tickets}"))
    }

    @Test("the end of the input ends the questions, and nothing is written")
    func endOfInput() throws {
        let (ending, shown) = try answer("\n\n" + PseudoTerminal.endOfInput, to: ["init", "--output", file])
        #expect(ending == .exited(1))
        #expect(shown.contains("gatekeeperd: the answers ended; nothing was written"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
    }

    /// Runs the binary with its questions and answers on a terminal.
    private func answer(_ text: String, to arguments: [String]) throws -> (ChildProcess.Ending, shown: String) {
        let terminal = try PseudoTerminal()
        let end = try terminal.open()
        terminal.type(text)
        let process = try ChildProcess(
            Daemon.binary, arguments, input: end, output: OpenFile(creating: folder.file("out")), errors: end)
        return (try process.waitForEnd(), terminal.shown())
    }
}
