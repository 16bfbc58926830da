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

    @Test("a file that says the same already is left alone, with status 0", arguments: [[], ["--yes"]])
    func unchanged(more: [String]) throws {
        #expect(try Daemon.run(flags() + more).ending == .exited(0))
        let before = try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? Int
        let said = try Daemon.run(flags() + more)
        #expect(said.ending == .exited(0) && said.errors.isEmpty && said.output == "\(file) is unchanged\n")
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? Int == before)
        let other = try Daemon.run(flags(upstream: "http://127.0.0.1:8081") + more)
        #expect(other.ending == .exited(2) && other.errors.contains("--force replaces it"))
    }

    @Test("one that has the certificate ordered is written without a file being there, and check passes, with a note")
    func ordered() throws {
        let flags =
            ["init", "--yes", "--output", file, "--listen", "127.0.0.1:0", "--allow", "127.0.0.2"]
            + ["--upstream", "http://127.0.0.1:8080", "--contact", "admin@example.org"]
        let said = try Daemon.run(flags + ["--acme", "tickets.example.org,desk.example.org"])
        #expect(said.ending == .exited(0), "\(said.errors)")
        #expect(
            text.contains("    names: [tickets.example.org, desk.example.org]\n") && text.contains("    contact: \"admin@example.org\"\n"))
        #expect(!text.contains("  certificate:") && !text.contains("  key:"))
        let check = try Daemon.run(["check", "--config", file])
        #expect(
            check.ending == .exited(0) && check.output.contains("certificate for tickets.example.org desk.example.org to be ordered"),
            "\(check)")
        for wrong in [["--acme", "*.example.org"], ["--acme", "a.example", "--key", "k.pem"], []] {
            let refused = try Daemon.run(flags + ["--force"] + wrong)
            #expect(refused.ending == .exited(2) && !refused.errors.isEmpty, "\(wrong): \(refused.errors)")
        }
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
        #expect(subjects(missing.errors) == ["--allow or --preset is missing", "--upstream is missing", "gatekeeperd"])
        #expect(missing.errors.contains("there is no terminal to ask on, so say these by flags"))
        let yes = try Daemon.run(["init", "--yes", "--output", file])
        #expect(yes.ending == .exited(2))
        #expect(subjects(yes.errors) == ["--allow or --preset is missing", "--upstream is missing"])
        let wrong = try Daemon.run([
            "init", "--output", file, "--listen", "x", "--allow", "0.0.0.0/0", "--upstream", "ftp://x", "--name", "a/b",
        ])
        #expect(wrong.ending == .exited(2))
        #expect(subjects(wrong.errors) == ["--allow", "--upstream", "--name", "--listen"])
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test("a certificate that isn't there yet is mentioned, and the file is written")
    func certificateToCome() throws {
        let said = try Daemon.run(["init", "--output", file, "--allow", "192.0.2.1", "--upstream", "http://127.0.0.1:1"])
        #expect(said.ending == .exited(0))
        #expect(said.errors.contains("not there yet: tls.certificate: \(folder.path)/tls/fullchain.pem cannot be read"))
        #expect(text.contains("  certificate: tls/fullchain.pem\n"))
    }

    // MARK: On a terminal

    @Test("on a terminal it asks, asks again after a wrong answer, shows what it will write, checks it and names the next commands")
    func questions() throws {
        let upstream = try ScriptedUpstream(.osTicket(.well(trusting: false)))
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let answers = [
            "9", "another", "300.1.1.1", "192.0.2.7 2001:db8::/48", "?", upstream.url, "", leaf.certificate, leaf.key, "127.0.0.1:0", "",
        ]
        // The name is the certificate's, which is known here.
        let (ending, shown) = try answer(answers, to: ["init", "--output", file, "--name", "localhost"])
        #expect(ending == .exited(0), "\(shown)")
        #expect(shown.components(separatedBy: "Which addresses may connect?").count == 3)
        for words in [
            "  9  osticket\r\n", "rt            Request Tracker, 5 or later", "as 203.0.113.9", "Not the public name",
            "\(upstream.url) answers: 200",
            "This looks like osTicket, as you said.",
            "It is for localhost", "It is the certificate's.", "  url: \(upstream.url)\r\n",
            "Write this to \(file), with comments? [yes]: ",
        ] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }
        let said = try output()
        for words in [
            "\(file) is written.", "configuration is fine: ", "gatekeeperd run --config \(file)\n", "  curl -i https://localhost:0/\n",
        ] {
            #expect(said.contains(words), "\(said)")
        }
        let expected = ["  - 127.0.0.1:0", "  - 192.0.2.7", "  - 2001:db8::/48", "  url: \(upstream.url)", "  preset: osticket"]
        for line in expected {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)")
        }
        #expect(!text.contains("{preset: tier2tickets}"))
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o640)
        #expect(try Daemon.run(["check", "--config", file]).ending == .exited(0))
    }

    @Test("a ticket system that isn't there is told as that; another one, over TLS, is trusted by its key when somebody says so")
    func ticketSystems() throws {
        let certificates = try Certificates.shared()
        let leaf = certificates.leaf(.ecdsa)
        let upstream = try ScriptedUpstream(tls: TLSServer(certificates.misfit(.selfSigned)), .echo)
        let nobody = try PortReservation()
        let gone = "http://127.0.0.1:\(nobody.port)"
        let answers = ["", "another", "127.0.0.2", gone, "", upstream.url, "trust", "yes"]
        let (ending, shown) = try answer(
            answers,
            to: [
                "init", "--output", file, "--name", "localhost", "--certificate", leaf.certificate, "--key", leaf.key, "--listen",
                "127.0.0.1:0",
            ])
        #expect(ending == .exited(0), "\(shown)")
        for words in [
            "\(gone) does not answer: nothing listens there (connect_refused).", "nobody who is trusted vouches for its certificate",
            "It shows a certificate for localhost 127.0.0.1, signed by itself", "Type trust to trust that key",
        ] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }
        #expect(text.contains("\n  pin_sha256: ") && nobody.port > 0)
        let daemon = try Daemon(configuredIn: folder)
        #expect(try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
    }

    @Test("what is wrong with certificate, key and port is said, and who holds the port")
    func doubts() throws {
        let certificates = try Certificates.shared()
        let leaf = certificates.leaf(.ecdsa)
        let upstream = try ScriptedUpstream(.echo)
        let taken = try ListeningPort()
        let answers = [
            "", "", "", upstream.url, "desk.example.org", folder.file("none.pem"), leaf.certificate, "yes", certificates.leaf(.rsa).key,
            leaf.key, "127.0.0.1:\(taken.port)", "127.0.0.1:0", "no",
        ]
        let (ending, shown) = try answer(answers, to: ["init", "--output", file])
        #expect(ending == .exited(1), "\(shown)")
        for words in [
            "none.pem isn't there.", "certbot certonly --standalone -d desk.example.org", "It isn't for desk.example.org",
            "127.0.0.1:\(taken.port) is taken by ", "process \(ProcessInfo.processInfo.processIdentifier)", "{preset: tier2tickets}",
            "gatekeeperd: nothing was written",
        ] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test("a file that is there is replaced when somebody says so, and only then")
    func replacing() throws {
        let upstream = try ScriptedUpstream(.echo)
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let arguments = [
            "init", "--output", file, "--name", "localhost", "--certificate", leaf.certificate, "--key", leaf.key, "--allow", "127.0.0.2",
            "--listen", "127.0.0.1:0",
        ]
        try folder.write("old", to: "gatekeeper.yaml")
        let kept = try answer(["", upstream.url, ""], to: arguments)
        #expect(kept.0 == .exited(1) && kept.shown.contains("is there already; before it is replaced you are asked."), "\(kept.shown)")
        #expect(text == "old")
        #expect(try answer(["", upstream.url, "yes"], to: arguments).0 == .exited(0))
        #expect(try String(contentsOfFile: file + ".previous", encoding: .utf8) == "old")
        let again = try answer(["", upstream.url], to: arguments)
        #expect(again.0 == .exited(0) && again.shown.contains("Ctrl-D"))
        #expect(try output().hasPrefix("\(file) is unchanged"))
    }

    @Test("with --yes nothing is asked on a terminal either")
    func yes() throws {
        let (ending, shown) = try answer([], to: ["init", "--yes", "--output", file])
        #expect(ending == .exited(2) && shown.contains("--upstream is missing") && !shown.contains("?"), "\(shown)")
    }

    @Test("the end of the input ends the questions, wherever it comes, and nothing is written", arguments: 0..<4)
    func endOfInput(answers: Int) throws {
        let upstream = try ScriptedUpstream(.echo)
        let all = ["", "", "", upstream.url]
        let (ending, shown) = try answer(Array(all.prefix(answers)), ending: true, to: ["init", "--output", file])
        #expect(ending == .exited(1))
        #expect(shown.contains("gatekeeperd: the answers ended; nothing was written"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
    }

    @Test("Ctrl-C ends them too, with the status that shells know, and nothing is written")
    func interrupt() throws {
        let terminal = try PseudoTerminal()
        let end = try terminal.open()
        let process = try ChildProcess(
            Daemon.binary, ["init", "--output", file], input: end, output: OpenFile(creating: folder.file("out")), errors: end)
        var shown = ""
        let isAsked = eventually {
            shown += terminal.shown()
            return shown.contains("Which ticket system is it?")
        }
        #expect(isAsked)
        process.signal(SIGINT)
        #expect(try process.waitForEnd() == .exited(130))
        #expect((shown + terminal.shown()).contains("gatekeeperd: left; nothing was written"))
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    private func output() throws -> String { try String(contentsOfFile: folder.file("out"), encoding: .utf8) }

    /// Runs the binary with its questions and answers on a terminal.
    private func answer(
        _ lines: [String], ending: Bool = false, to arguments: [String]
    ) throws -> (ChildProcess.Ending, shown: String) {
        let terminal = try PseudoTerminal()
        let end = try terminal.open()
        terminal.type(lines.map { $0 + "\n" }.joined() + (ending ? PseudoTerminal.endOfInput : ""))
        let process = try ChildProcess(
            Daemon.binary, arguments, input: end, output: OpenFile(creating: folder.file("out")), errors: end)
        // A terminal holds some 4 kB that nobody has read.
        var shown = ""
        _ = eventually {
            shown += terminal.shown()
            return process.hasEnded
        }
        return (try process.waitForEnd(), shown + terminal.shown())
    }
}
