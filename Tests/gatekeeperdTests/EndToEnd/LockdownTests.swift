import Foundation
import Testing

/// A lockdown of the running service: who is in, who is out, and what doesn't end it.
@Suite("Lockdown in service")
struct LockdownTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    private struct Scene {
        let folder: TemporaryFolder
        let upstream: ScriptedUpstream
        let daemon: Daemon

        init(_ script: UpstreamScript = .echo, _ more: String = "") throws {
            folder = try TemporaryFolder()
            upstream = try ScriptedUpstream(script)
            daemon = try Daemon(
                upstream: upstream.url,
                settings: "state: \(folder.file("state"))\ncontrol: \(folder.file("control.sock"))\n\(more)")
        }

        @discardableResult
        func command(_ arguments: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            try Daemon.run(arguments + ["--control", folder.file("control.sock")])
        }
    }

    private func status(_ daemon: Daemon, from address: String) -> Int? {
        try? RawClient(to: daemon, from: address).exchange(Self.get).status
    }

    @Test("who isn't kept is out at once, in the midst of a request, and stays out over a reload and a SIGKILL, until it is ended")
    func story() throws {
        let gate = Awaited<Bool>()
        defer { gate.resolve(true) }
        let scene = try Scene(
            .each { request, connection in
                if request.target == "/slow" { _ = gate.wait(seconds: 60) }
                try connection.respond(body: request.target)
            })
        let (kept, out) = (try RawClient(to: scene.daemon), try RawClient(to: scene.daemon, from: "127.0.0.3"))
        #expect(try kept.exchange(Self.get).status == 200)
        try out.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
        try scene.upstream.waitForRequests(2)

        #expect(try scene.command("lockdown", "--keep", "127.0.0.9").ending == .exited(2))
        #expect(status(scene.daemon, from: "127.0.0.3") == 200)
        let begun = try scene.command("lockdown", "--keep", "127.0.0.2")
        #expect(begun.ending == .exited(0) && begun.output.contains("everybody is shut out but 127.0.0.2"))
        #expect(out.receiveToEnd().ending == .reset)
        try scene.daemon.waitForLine { $0.event == "revoked" && $0["peer"] == "127.0.0.3" }
        #expect(try kept.exchange(Self.get).status == 200)
        #expect(status(scene.daemon, from: "127.0.0.3") == nil)
        try scene.daemon.waitForLine { $0.event == "denied" && $0["reason"] == "lockdown" && $0["peer"] == "127.0.0.3" }
        #expect(try scene.command("denials").output.contains("lockdown"))
        let explained = try Daemon.run(["explain", "127.0.0.3", "--config", scene.daemon.configuration])
        #expect(explained.ending == .exited(3) && explained.output.contains("shut out by a lockdown"))
        #expect(try Daemon.run(["explain", "127.0.0.2", "--config", scene.daemon.configuration]).ending == .exited(0))

        try scene.daemon.reload()
        #expect(status(scene.daemon, from: "127.0.0.3") == nil)
        scene.daemon.kill()
        _ = try scene.daemon.process.waitForEnd()
        // Nobody answers now; the file says it.
        #expect(try Daemon.run(["explain", "127.0.0.3", "--config", scene.daemon.configuration]).ending == .exited(3))
        let again = try Daemon(restarting: scene.daemon)
        #expect(status(again, from: "127.0.0.3") == nil && status(again, from: "127.0.0.2") == 200)
        #expect(try scene.command("lockdown", "--end").ending == .exited(0))
        #expect(status(again, from: "127.0.0.3") == 200)
        #expect(try scene.command("lockdown", "--end").ending == .exited(2))
    }

    @Test("a new binary that takes over is shut from its first connection on, and what it ends or begins holds for whoever drains")
    func succession() throws {
        let gate = Awaited<Bool>()
        defer { gate.resolve(true) }
        let scene = try Scene(
            .each { request, connection in
                if request.target == "/slow" { _ = gate.wait(seconds: 60) }
                try connection.respond(body: request.target)
            })
        #expect(try scene.command("lockdown", "--keep", "127.0.0.2").ending == .exited(0))
        let busy = try RawClient(to: scene.daemon)
        try busy.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
        try scene.upstream.waitForRequests(1)
        scene.daemon.process.signal(SIGUSR2)
        let line = try scene.daemon.waitForLine { $0.event == "succession" && $0["state"] == "handed_over" }
        let successor = pid_t(try #require(line.number("process")))
        defer { kill(successor, SIGTERM) }
        #expect(status(scene.daemon, from: "127.0.0.3") == nil)
        #expect(status(scene.daemon, from: "127.0.0.2") == 200)
        // The one before still serves this.
        #expect(try scene.command("lockdown").ending == .exited(0))
        #expect(busy.receiveToEnd().ending == .reset)
        #expect(status(scene.daemon, from: "127.0.0.2") == nil)
    }

    @Test("an entry that has ended, though it is kept, lets nobody in whom a narrower one than those that are kept shuts out")
    func ended() throws {
        let scene = try Scene()
        let file = URL(fileURLWithPath: scene.daemon.configuration)
        let entries = ["{address: 127.0.0.0/24, label: office}", "{address: 127.0.0.4, label: vendor}"]
        let text = try String(contentsOf: file, encoding: .utf8).replacing(
            "allow:\n",
            with: "allow:\n"
                + (entries + ["{address: 127.0.0.4, label: old, until: 2020-01-01T00:00:00Z}"])
                .map { "  - \($0)\n" }.joined())
        try Data(text.utf8).write(to: file)
        try scene.daemon.reload()
        #expect(status(scene.daemon, from: "127.0.0.4") == 200)
        #expect(try scene.command("lockdown", "--keep", "office", "--keep", "old").ending == .exited(0))
        #expect(status(scene.daemon, from: "127.0.0.4") == nil && status(scene.daemon, from: "127.0.0.5") == 200)
        let explained = try Daemon.run(["explain", "127.0.0.4", "--config", scene.daemon.configuration])
        #expect(explained.ending == .exited(3) && explained.output.contains("shut out by a lockdown"), "\(explained)")
    }

    @Test("a record that can't be read shuts everybody out from the start, the control socket works, and says how to end it")
    func illegible() throws {
        let scene = try Scene()
        try scene.daemon.terminate()
        try Data("?".utf8).write(to: URL(fileURLWithPath: scene.folder.file("state/lockdown")))
        let daemon = try Daemon(restarting: scene.daemon)
        #expect(status(daemon, from: "127.0.0.2") == nil)
        let told = try scene.command("status")
        #expect(told.output.contains("state/lockdown") && told.output.contains("lockdown --end"))
        #expect(try scene.command("lockdown", "--end").ending == .exited(0))
        #expect(status(daemon, from: "127.0.0.2") == 200)
    }

    @Test("where the kernel drops strangers it drops who is shut out, and lets them through again when it is over; --for ends by itself")
    func dropped() throws {
        let scene = try Scene(.echo, "on_deny: drop")
        func reach(_ address: String, patience seconds: Int = 60) throws -> Int32 {
            try Curl.exitCode(of: "\(scene.daemon.url)/", from: address, patience: seconds)
        }
        #expect(try reach("127.0.0.3") == 0)
        #expect(try scene.command("lockdown", "--keep", "127.0.0.2", "--for", "10s").ending == .exited(0))
        #expect(try reach("127.0.0.3", patience: 1) == 28)
        #expect(try reach("127.0.0.2") == 0)
        try scene.daemon.waitForLine { $0.event == "lockdown" && $0["state"] == "ended" }
        #expect(try reach("127.0.0.3") == 0)
    }
}
