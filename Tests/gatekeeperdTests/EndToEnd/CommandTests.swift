import Foundation
import Testing

/// The running service, commanded as an admin commands it.
@Suite("Commands to the running service")
struct CommandTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    /// A daemon with a state folder and a control socket of its own.
    private struct Commanded {
        let folder: TemporaryFolder
        let upstream: ScriptedUpstream
        let daemon: Daemon
        var socket: String { folder.file("control.sock") }

        init() throws {
            folder = try TemporaryFolder()
            upstream = try ScriptedUpstream(.echo)
            daemon = try Daemon(
                upstream: upstream.url, settings: "state: \(folder.file("state"))\ncontrol: \(folder.file("control.sock"))")
        }

        init(restarting other: Commanded) throws {
            folder = other.folder
            upstream = other.upstream
            daemon = try Daemon(restarting: other.daemon)
        }

        func run(_ arguments: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            try Daemon.run(arguments + ["--control", socket])
        }

        func json(_ arguments: String...) throws -> JSONValue {
            let run = try Daemon.run(arguments + ["--control", socket, "--json"])
            guard run.ending == .exited(0) else { throw Failure("\(arguments): \(run.ending) \(run.errors)") }
            return try JSONValue(parsing: run.output.utf8)
        }

        /// The addresses of the grants.
        func grants() throws -> [String] {
            try json("grants")["grants"]?.array?.compactMap { $0["address"]?.string } ?? []
        }
    }

    @Test("a second instance says that the service runs already, and as which process")
    func secondInstance() throws {
        let service = try Commanded()
        let run = try Daemon.run(["run", "--config", service.daemon.configuration])
        #expect(run.ending == .exited(2))
        #expect(
            run.errors.contains("the service runs already, as process \(service.daemon.process.id); `gatekeeperd reload`"), "\(run.errors)")
        #expect(try service.run("status").ending == .exited(0))
    }

    @Test("without a service and without a ledger denials says where there would be one")
    func noLedger() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("state: nowhere\ncontrol: none.sock\n", to: "gatekeeper.yaml")
        let run = try Daemon.run(["denials", "--config", file])
        #expect(run.ending == .exited(1))
        #expect(run.errors.contains("there is no ledger in \(folder.file("nowhere"))") && run.errors.contains("--config"), "\(run.errors)")
    }

    // MARK: Reload and status

    @Test("reload waits, says what changed and exits 0; a broken file is told line by line, changes nothing and exits 2")
    func reload() throws {
        let service = try Commanded()
        try service.daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {address: 127.0.0.9, label: office}")
        let applied = try service.run("reload")
        #expect(applied.ending == .exited(0))
        #expect(applied.output.contains("generation 2"))
        #expect(applied.output.contains("allow: + 127.0.0.9 (office)"))
        // In force when the command returns.
        #expect(try RawClient(to: service.daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
        try service.daemon.rewriteConfiguration("allow:", "alow:")
        let kept = try service.run("reload")
        #expect(kept.ending == .exited(2))
        #expect(kept.output.isEmpty)
        #expect(kept.errors.contains("gatekeeper.yaml:") && kept.errors.contains("did you mean allow?"))
        #expect(try RawClient(to: service.daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
        let line = try service.daemon.waitForLine(event: "reload_failed")
        #expect(line["by"]?.contains("(0)") == true, "\(line.text)")
    }

    @Test("status tells the generation, who came and how often, and the upstreams")
    func status() throws {
        let service = try Commanded()
        let client = try RawClient(to: service.daemon, from: "127.0.0.3")
        for _ in 1...3 { #expect(try client.exchange(Self.get).status == 200) }
        #expect(throws: Failure.self) { try RawClient(to: service.daemon, from: "127.0.0.9") }
        // A request is counted when its client has had the answer.
        #expect(try eventually { try service.json("status")["sources"]?.array?.first?["requests"]?.number == 3 })
        let status = try service.json("status")
        #expect(status["configuration"]?["generation"]?.number == 1)
        let first = status["sources"]?.array?.first
        #expect(first?["address"]?.string == "127.0.0.3")
        #expect(first?["admitted"]?.number == 1)
        #expect(first?["requests"]?.number == 3)
        #expect(first?["connections_open"]?.number == 1)
        #expect(first?["origin"]?.string?.contains("gatekeeper.yaml:") == true)
        #expect(status["denied"]?.number == 1)
        #expect(status["upstreams"]?.array?.first?["up"] == .bool(true))
        let text = try service.run("status")
        #expect(text.ending == .exited(0))
        #expect(text.output.contains("127.0.0.3") && text.output.contains("3 requests"), "\(text.output)")
    }

    @Test("where no service runs, every command says so in one line and exits 1")
    func nobody() throws {
        let folder = try TemporaryFolder()
        for command in [["status"], ["reload"], ["grants"], ["confirm"], ["revoke", "127.0.0.9"]] {
            let run = try Daemon.run(command + ["--control", folder.file("none.sock")])
            #expect(run.ending == .exited(1))
            #expect(run.errors.split(separator: "\n").count == 1 && run.errors.contains("no service runs"), "\(run.errors)")
        }
    }

    // MARK: Grants

    @Test("a grant lets an address in for ten seconds, and its connection ends with it")
    func grant() throws {
        let service = try Commanded()
        #expect(throws: Failure.self) { try RawClient(to: service.daemon, from: "127.0.0.9") }
        let began = Date()
        let run = try service.run("grant", "127.0.0.9", "--for", "10s", "--reason", "the vendor looks at ticket 12")
        #expect(run.ending == .exited(0), "\(run.errors)")
        let client = try RawClient(to: service.daemon, from: "127.0.0.9")
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try service.grants().first == "127.0.0.9")
        // Idle, in the client's eyes, until the door ends it.
        #expect(client.receiveToEnd().ending == .reset)
        let lasted = Date().timeIntervalSince(began)
        #expect(lasted >= 9.9, "\(lasted) s")
        #expect(throws: Failure.self) { try RawClient(to: service.daemon, from: "127.0.0.9") }
        try service.daemon.waitForLine { $0.event == "grant" && $0["state"] == "expired" }
        #expect(service.daemon.lines("grant").map { $0["state"] } == ["made", "first_used", "expired"])
        #expect(service.daemon.lines("grant").allSatisfy { $0["by"]?.contains("(0)") == true })
        #expect(
            try service.daemon.waitForLine { $0.event == "request" && $0["peer"] == "127.0.0.9" }["label"]
                == "the vendor looks at ticket 12")
    }

    @Test("a revoked grant's connections end at once")
    func revoke() throws {
        let service = try Commanded()
        #expect(try service.run("grant", "127.0.0.9", "--for", "1h", "--reason", "test").ending == .exited(0))
        let client = try RawClient(to: service.daemon, from: "127.0.0.9")
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try service.run("revoke", "127.0.0.9").ending == .exited(0))
        #expect(client.receiveToEnd().ending == .reset)
        #expect(throws: Failure.self) { try RawClient(to: service.daemon, from: "127.0.0.9") }
        let again = try service.run("revoke", "127.0.0.9")
        #expect(again.ending == .exited(2))
        #expect(again.errors.contains("has no grant"))
    }

    @Test("after SIGKILL, grants that were made are there, also after one that came in the middle of making them")
    func killed() throws {
        var service = try Commanded()
        var granted: Set<String> = []
        for round in 1...4 {
            let daemon = service.daemon
            let last = Int.random(in: 2...12)
            for number in 1...200 {
                if number == last {
                    Thread.detachNewThread {
                        _ = Awaited<Bool>().wait(seconds: .random(in: 0...0.1))
                        daemon.kill()
                    }
                }
                let address = "127.9.\(round).\(number)"
                guard try service.run("grant", address, "--for", "1h", "--reason", "r").ending == .exited(0) else { break }
                granted.insert(address)
            }
            #expect(try daemon.process.waitForEnd() == .killed(signal: SIGKILL))
            service = try Commanded(restarting: service)
            let present = try Set(service.grants())
            #expect(granted.isSubset(of: present), "round \(round): \(granted.subtracting(present))")
        }
        #expect(!granted.isEmpty)
        let address = try #require(granted.first)
        #expect(try RawClient(to: service.daemon, from: address).exchange(Self.get).status == 200)
    }

    @Test("when the disk takes no more, whoever asks for a grant gets an error, and nothing else is different")
    func fullDisk() throws {
        let service = try Commanded()
        try service.daemon.limitFiles(toBytes: 128 << 10)
        var granted: [String] = []
        var refusal: (ending: ChildProcess.Ending, output: String, errors: String)?
        for number in 1...250 where refusal == nil {
            let address = "127.8.0.\(number)"
            let run = try service.run("grant", address, "--for", "1h", "--reason", String(repeating: "r", count: 200))
            if run.ending == .exited(0) { granted.append(address) } else { refusal = run }
        }
        let refused = try #require(refusal)
        #expect(refused.ending == .exited(1))
        // SQLite tells a file that may not grow from a broken disk only sometimes.
        #expect(refused.errors.contains("ledger.sqlite"), "\(refused.errors)")
        #expect(!granted.isEmpty)
        #expect(try Set(service.grants()) == Set(granted))
        #expect(try RawClient(to: service.daemon, from: granted[0]).exchange(Self.get).status == 200)
        #expect(throws: Failure.self) { try RawClient(to: service.daemon, from: "127.8.0.\(granted.count + 1)") }
        // Ending one needs no disk.
        let revoked = try service.run("revoke", granted[0])
        #expect(revoked.ending == .exited(0), "\(revoked.errors)")
        #expect(throws: Failure.self) { try RawClient(to: service.daemon, from: granted[0]) }
        #expect(try RawClient(to: service.daemon).exchange(Self.get).status == 200)
    }

    @Test("a ledger that is damaged is set aside and told of, and serving goes on")
    func brokenLedger() throws {
        let service = try Commanded()
        #expect(try service.run("grant", "127.0.0.9", "--for", "1h", "--reason", "test").ending == .exited(0))
        try service.daemon.terminate()
        let file = service.folder.file("state/ledger.sqlite")
        for companion in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: file + companion) }
        try Data(repeating: 0x5a, count: 8192).write(to: URL(fileURLWithPath: file))
        let again = try Commanded(restarting: service)
        #expect(again.daemon.diagnostics.contains("ledger.sqlite.corrupt-"))
        #expect(try again.run("status").output.contains("problem: the ledger was damaged"))
        #expect(try again.run("grant", "127.0.0.9", "--for", "1h", "--reason", "test").ending == .exited(0))
        #expect(try RawClient(to: again.daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
    }

    // MARK: On trial

    /// A configuration that admits 127.0.0.9 instead of 127.0.0.3.
    private func other(than service: Commanded) throws -> String {
        let text = try String(contentsOfFile: service.daemon.configuration, encoding: .utf8)
        return try service.folder.write(text.replacingOccurrences(of: "\"127.0.0.3\"", with: "127.0.0.9"), to: "new.yaml")
    }

    @Test("what was applied on trial goes back by itself, though nobody is left who asked for it")
    func rollBack() throws {
        let service = try Commanded()
        let applied = try service.run("apply", other(than: service), "--confirm", "10s")
        #expect(applied.ending == .exited(0), "\(applied.errors)")
        #expect(try RawClient(to: service.daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
        #expect(try service.run("status").output.contains("unconfirmed"))
        let line = try service.daemon.waitForLine { $0.event == "reloaded" && $0["by"]?.contains("was not confirmed") == true }
        #expect(line["changes"] == "allow: + 127.0.0.3; allow: - 127.0.0.9")
        #expect(throws: Failure.self) { try RawClient(to: service.daemon, from: "127.0.0.9") }
        #expect(try RawClient(to: service.daemon, from: "127.0.0.3").exchange(Self.get).status == 200)
        #expect(try service.run("confirm").ending == .exited(2))
    }

    @Test("what was confirmed stays, and is what the configuration file says from then on")
    func confirmed() throws {
        let service = try Commanded()
        let before = try String(contentsOfFile: service.daemon.configuration, encoding: .utf8)
        let file = try other(than: service)
        #expect(try service.run("apply", file, "--confirm", "1h").ending == .exited(0))
        #expect(try String(contentsOfFile: service.daemon.configuration, encoding: .utf8) == before)
        let confirmed = try service.run("confirm")
        #expect(confirmed.ending == .exited(0), "\(confirmed.errors)")
        let (now, applied) = try (
            String(contentsOfFile: service.daemon.configuration, encoding: .utf8), String(contentsOfFile: file, encoding: .utf8)
        )
        #expect(now == applied)
        #expect(try String(contentsOfFile: service.daemon.configuration + ".previous", encoding: .utf8) == before)
        #expect(try RawClient(to: service.daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
    }

    @Test("a restart in the middle of a trial neither ends it nor makes it last")
    func trialOverRestart() throws {
        let service = try Commanded()
        #expect(try service.run("apply", other(than: service), "--confirm", "10s").ending == .exited(0))
        service.daemon.kill()
        #expect(try service.daemon.process.waitForEnd() == .killed(signal: SIGKILL))
        let again = try Commanded(restarting: service)
        try again.daemon.waitForLine { $0.event == "reloaded" && $0["by"]?.contains("was not confirmed") == true }
        #expect(throws: Failure.self) { try RawClient(to: again.daemon, from: "127.0.0.9") }
        #expect(try RawClient(to: again.daemon, from: "127.0.0.3").exchange(Self.get).status == 200)
    }

    @Test("a configuration with mistakes isn't applied, and its mistakes are told by its own name")
    func applyBroken() throws {
        let service = try Commanded()
        let file = try service.folder.write("listen: []\nalow: []\n", to: "broken.yaml")
        let run = try service.run("apply", file, "--confirm", "1h")
        #expect(run.ending == .exited(2))
        #expect(run.errors.contains("broken.yaml:2:1"), "\(run.errors)")
        #expect(try RawClient(to: service.daemon).exchange(Self.get).status == 200)
    }

    // MARK: Clients that do harm

    @Test("a client of the socket that is stopped, and fifteen that say nothing, cost the service nothing")
    func stuckClients() throws {
        let service = try Commanded()
        let silent = try (1...15).map { _ in try PlainSocket(to: SocketName(path: service.socket)) }
        let folder = try TemporaryFolder()
        let half = """
            import os, signal, socket
            s = socket.socket(socket.AF_UNIX)
            s.connect("\(service.socket)")
            s.send(b'{"gatekeeper":1,"comm')
            print("sent", flush=True)
            os.kill(os.getpid(), signal.SIGSTOP)
            """
        let stopped = try ChildProcess(
            "python3", ["-c", half], output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("errors")))
        #expect(try eventually { try String(contentsOfFile: folder.file("out"), encoding: .utf8).contains("sent") })
        #expect(try RawClient(to: service.daemon).exchange(Self.get).status == 200)
        // Somebody must go first.
        #expect(try service.run("status").errors.contains("connected already"))
        silent.first?.close()
        #expect(try eventually { try service.run("status").ending == .exited(0) })
        let cpu = try service.daemon.facts.threads.reduce(0) { $0 + $1.cpuMilliseconds }
        #expect(try RawClient(to: service.daemon).exchange(Self.get).status == 200)
        // After their ten seconds they are gone, and took no processor time with them.
        #expect(try eventually { try service.run("status").ending == .exited(0) })
        #expect(try service.daemon.facts.threads.reduce(0) { $0 + $1.cpuMilliseconds } - cpu < 500)
        stopped.signal(SIGKILL)
    }
}
