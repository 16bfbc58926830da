import Foundation
import Testing

@testable import gatekeeperd

/// `on_deny: drop`: who isn't listed gets no answer from the kernel. Who runs these needs CAP_NET_ADMIN, as root has.
@Suite("Strangers are ignored")
struct DropTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"
    /// Curl's word for a connection that nobody answers.
    private static let ignored: Int32 = 28
    /// For one that is reset, early, while it shakes hands, or late.
    static let reset: Set<Int32> = [7, 35, 56]
    /// Becomes another program without any capability.
    static let powerless = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]

    private func settings(_ folder: TemporaryFolder, _ more: String = "on_deny: drop") -> String {
        "state: \(folder.file("state"))\ncontrol: \(folder.file("c.sock"))\n\(more)"
    }

    private func curl(_ daemon: Daemon, from source: String, patience seconds: Int = 60) throws -> Int32 {
        try Curl.exitCode(of: "\(daemon.url)/", from: source, patience: seconds)
    }

    private func answer(_ folder: TemporaryFolder, _ arguments: String...) throws -> JSON {
        let run = try Daemon.run(arguments + ["--json", "--control", folder.file("c.sock")])
        guard run.ending == .exited(0), let json = JSONReader.read(Array(run.output.utf8)) else { throw Failure(run.output + run.errors) }
        return json
    }

    private func successor(of daemon: Daemon) throws -> pid_t {
        let line = try daemon.waitForLine { $0.event == "succession" && $0["state"] == "handed_over" }
        return pid_t(try #require(line.number("process")))
    }

    @Test("a stranger waits in vain, a grant lets him in at once, its end ignores him again, and a reload resets him; the counts agree")
    func story() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: settings(folder) + "\nworkers: 2")
        #expect(try curl(daemon, from: "127.0.0.9", patience: 1) == Self.ignored)
        #expect(try curl(daemon, from: "127.0.0.2") == 0)
        let shield = try answer(folder, "status")["shield"]
        #expect(shield?.string("state") == "always")
        #expect(try #require(shield?["dropped"]?.integer) >= 1)

        #expect(
            try Daemon.run(["grant", "127.0.0.9", "--for", "1h", "--reason", "test", "--control", folder.file("c.sock")]).ending
                == .exited(0))
        let client = try RawClient(to: daemon, from: "127.0.0.9")
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try Daemon.run(["revoke", "127.0.0.9", "--control", folder.file("c.sock")]).ending == .exited(0))
        #expect(client.receiveToEnd().ending == .reset)
        #expect(try curl(daemon, from: "127.0.0.9", patience: 1) == Self.ignored)
        #expect(daemon.lines("denied").isEmpty)

        try daemon.rewriteConfiguration("on_deny: drop", "on_deny: reset")
        #expect(try daemon.reload()["changes"] == "on_deny: drop -> reset")
        #expect(try Self.reset.contains(curl(daemon, from: "127.0.0.9")))
        #expect(try daemon.waitForLine(event: "denied").peer == "127.0.0.9")
        let after = try answer(folder, "status")["shield"]
        #expect(after?.string("state") == "down")
        let dropped = try #require(after?["dropped"]?.integer)
        #expect(try eventually { try answer(folder, "denials")["packets"]?["reasons"]?["dropped"]?.integer == dropped })
        #expect(try daemon.terminate() == .exited(0))
        let lines = daemon.lines("denied_summary").filter { $0.reason == "dropped" }
        #expect(lines.allSatisfy { $0.peer == "others" })
        #expect(lines.compactMap { $0.number("count") }.reduce(0, +) == dropped)
    }

    @Test("what a list gains by a reload is let in, what it loses is ignored, on new listeners as on old ones")
    func reload() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: settings(folder, "on_deny: reset"))
        try daemon.rewriteConfiguration("on_deny: reset", "on_deny: drop")
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- 127.0.0.9")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try curl(daemon, from: "127.0.0.9") == 0)
        #expect(try curl(daemon, from: "127.0.0.3", patience: 1) == Self.ignored)
        try daemon.rewriteConfiguration("listen:", "listen:\n  - \"127.0.0.1:0\"")
        #expect(try daemon.reload().event == "reloaded")
        guard case .array(let listeners)? = try answer(folder, "status")["listeners"] else { throw Failure("no listeners") }
        #expect(listeners.count == 2)
        for case .string(let listener) in listeners {
            #expect(try Curl.exitCode(of: "https://\(listener)/", from: "127.0.0.2") == 0, "\(listener)")
            #expect(try Curl.exitCode(of: "https://\(listener)/", from: "127.0.0.3", patience: 1) == Self.ignored, "\(listener)")
        }
    }

    @Test("a load balancer is let through, and whom it names is judged")
    func balancer() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url, listenSettings: "proxy_protocol_from: [127.0.0.4]", settings: settings(folder))
        func preface(_ source: String) -> [UInt8] { Array("PROXY TCP4 \(source) 192.0.2.1 40000 443\r\n".utf8) }
        let listed = try RawClient(to: daemon, from: "127.0.0.4", preface: preface("127.0.0.2"))
        #expect(try listed.exchange(Self.get).status == 200)
        let stranger = try RawClient(to: daemon, from: "127.0.0.4", preface: preface("192.0.2.77"), security: .plain)
        #expect(stranger.receive() == .ended(.reset))
        #expect(try daemon.waitForLine(event: "denied").peer == "192.0.2.77")
        #expect(try curl(daemon, from: "127.0.0.9", patience: 1) == Self.ignored)
    }

    // MARK: Without the capability

    @Test("without CAP_NET_ADMIN neither a start nor a check nor a reload takes it, and each says what would help")
    func powerless() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: settings(folder, "on_deny: reset"), launcher: Self.powerless)
        try daemon.rewriteConfiguration("on_deny: reset", "on_deny: drop")
        let line = try daemon.reload()
        #expect(line.event == "reload_failed")
        let help = "takes CAP_NET_ADMIN: Operation not permitted; under systemd the drop-in gatekeeperd.service.d/drop.conf gives it"
        #expect(line["error"]?.hasSuffix(help) == true, "\(line.text)")
        #expect(try curl(daemon, from: "127.0.0.2") == 0)
        #expect(try Self.reset.contains(curl(daemon, from: "127.0.0.9")))
        for command in [["check"], ["run", "--set", "control=\(folder.file("other.sock"))"]] {
            let (output, errors) = (folder.file("out"), folder.file("err"))
            let arguments = Self.powerless.dropFirst() + [Daemon.binary] + command + ["--config", daemon.configuration]
            let process = try ChildProcess(
                Self.powerless[0], Array(arguments), output: OpenFile(creating: output), errors: OpenFile(creating: errors))
            #expect(try process.waitForEnd() == .exited(2), "\(command[0])")
            let said = try String(contentsOfFile: output, encoding: .utf8) + String(contentsOfFile: errors, encoding: .utf8)
            #expect(said.contains(help), "\(said)")
            #expect(said.contains(command == ["check"] ? "on_deny: attach a filter" : "on_deny: drop: attach a filter"), "\(said)")
        }
    }

    @Test("as the unit confines the service, the drop-in is what it takes")
    func dropIn() throws {
        let unit = try String(contentsOfFile: ServiceUnit.folder + "/gatekeeperd.service.d/drop.conf", encoding: .utf8)
        let capability = try #require(unit.firstMatch(of: #/CapabilityBoundingSet=CAP_(\w+)/#)).1.lowercased()
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url, settings: settings(folder),
            launcher: ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+net_bind_service,+\(capability)"])
        #expect(try curl(daemon, from: "127.0.0.2") == 0)
        #expect(try curl(daemon, from: "127.0.0.9", patience: 1) == Self.ignored)
    }

    // MARK: Sockets of another process

    @Test("a successor drops as well, by its own list, or clears the filter if it isn't to")
    func succession() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: settings(folder))
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- 127.0.0.8")
        daemon.process.signal(SIGUSR2)
        let second = try successor(of: daemon)
        defer { kill(second, SIGTERM) }
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(try curl(daemon, from: "127.0.0.8") == 0)
        for stranger in ["127.0.0.3", "127.0.0.9"] { #expect(try curl(daemon, from: stranger, patience: 1) == Self.ignored) }

        try daemon.rewriteConfiguration("on_deny: drop", "on_deny: reset")
        kill(second, SIGUSR2)
        let line = try daemon.waitForLine {
            $0.event == "succession" && $0["state"] == "handed_over" && $0.number("process") != Int(second)
        }
        let third = pid_t(try #require(line.number("process")))
        defer { kill(third, SIGTERM) }
        #expect(try Self.reset.contains(curl(daemon, from: "127.0.0.9")))
        #expect(try curl(daemon, from: "127.0.0.8") == 0)
    }

    @Test("a successor that fails after it has put a filter in place leaves the sockets as they were")
    func failedSuccession() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: settings(folder, "on_deny: reset"))
        try daemon.rewriteConfiguration("on_deny: reset", "on_deny: drop")
        // The last thing that a start does, in a folder that isn't there.
        try daemon.rewriteConfiguration(folder.file("c.sock"), folder.file("none/none/c.sock"))
        daemon.process.signal(SIGUSR2)
        try daemon.waitForLine { $0.event == "succession" && $0["state"] == "failed" }
        #expect(try Self.reset.contains(curl(daemon, from: "127.0.0.9")))
        #expect(try curl(daemon, from: "127.0.0.2") == 0)
    }

    @Test("packets at a socket that several workers share are counted once")
    func shared() throws {
        let socket = try ListeningPort()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, listen: "127.0.0.1:\(socket.port)", settings: "on_deny: drop\nworkers: 3",
            launcher: ListeningPort.launcher(), input: socket.file)
        for number in 1...50 { Flood.knock(at: socket.port, from: "127.0.9.\(number)") }
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        #expect(try daemon.terminate() == .exited(0))
        let summaries = daemon.lines("denied_summary")
        #expect(summaries.map(\.reason) == ["dropped"])
        #expect(summaries.map { $0.number("count") } == [50])
    }

    @Test("a filter that a former process left on systemd's socket is cleared by one that has none")
    func leftBehind() throws {
        let socket = try ListeningPort()
        let upstream = try ScriptedUpstream(.echo)
        func daemon(_ onDeny: String) throws -> Daemon {
            try Daemon(
                upstream: upstream.url, listen: "127.0.0.1:\(socket.port)", settings: "on_deny: \(onDeny)\nworkers: 2",
                launcher: ListeningPort.launcher(), input: socket.file)
        }
        let dropping = try daemon("drop")
        #expect(try curl(dropping, from: "127.0.0.9", patience: 1) == Self.ignored)
        #expect(try curl(dropping, from: "127.0.0.2") == 0)
        #expect(try dropping.terminate() == .exited(0))
        let resetting = try daemon("reset")
        #expect(try Self.reset.contains(curl(resetting, from: "127.0.0.9")))
    }
}
