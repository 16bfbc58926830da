import Foundation
import Testing

@testable import gatekeeperd

/// The shield in the running service. Who runs these needs CAP_NET_ADMIN, as root has.
@Suite("Under a flood of strangers")
struct FloodTests {
    private func status(_ folder: TemporaryFolder) throws -> JSON {
        let run = try Daemon.run(["status", "--json", "--control", folder.file("c.sock")])
        guard run.ending == .exited(0), let json = JSONReader.read(Array(run.output.utf8)) else { throw Failure(run.output + run.errors) }
        return json
    }

    private func shieldLine(_ daemon: Daemon, _ state: String) throws -> LogLine {
        try daemon.waitForLine(seconds: 60) { $0.event == "shield" && $0["state"] == state }
    }

    @Test(
        "the shield goes up, stays up while it lasts and comes down after, and no request of a listed peer fails meanwhile",
        arguments: ["reset", "close"])
    func raised(onDeny: String) throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url,
            settings: """
                control: \(folder.file("c.sock"))
                on_deny: \(onDeny)
                shield: {above: 100/s, for: 6s}
                workers: 2
                log: {access: false}
                """)
        #expect(try status(folder)["shield"]?.string("state") == "down")
        let load = SteadyLoad(to: daemon, clients: 2)
        let flood = Flood(at: daemon.port)
        let up = try shieldLine(daemon, "up")
        #expect(try #require(up.number("denied_per_second")) > 100)
        let raised = Date()
        // New connections as well as those that were there.
        while Date() < raised.addingTimeInterval(8) {
            #expect(try Curl(["\(daemon.url)/"]).status == 200)
            #expect(load.wait(forAnswers: load.soFar.answered + 100))
        }
        #expect(daemon.lines("shield").map { $0["state"] } == ["up"], "it was up for longer than `for`, as the flood goes on")
        #expect(try status(folder)["shield"]?.string("state") == "up")
        flood.stop()
        let down = try shieldLine(daemon, "down")
        let count = load.stop()
        #expect(count.failures.isEmpty, "\(count.failures.prefix(5)) of \(count.answered)")

        let shield = try #require(try status(folder)["shield"])
        #expect(shield.string("state") == "down")
        let dropped = try #require(shield["dropped"]?.integer)
        #expect(dropped > 0 && down.number("dropped") == dropped)
        let stranger = try RawClient(to: daemon, from: "127.0.0.9", security: .plain)
        #expect(stranger.receive() == .ended(onDeny == "reset" ? .reset : .fin))
        #expect(try daemon.terminate() == .exited(0))
        let counts = daemon.log.all.filter { $0.event == "denied_summary" && $0.reason == "dropped" }.compactMap { $0.number("count") }
        #expect(counts.reduce(0, +) == dropped)
    }

    @Test("`shield: off` is never raised")
    func off() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: "control: \(folder.file("c.sock"))\nshield: off")
        let flood = Flood(at: daemon.port)
        #expect(flood.wait(for: 3_000))
        flood.stop()
        #expect(try RawClient(to: daemon, from: "127.0.0.9", security: .plain).receive() == .ended(.reset))
        #expect(try status(folder)["shield"]?.string("state") == "off")
        #expect(daemon.lines("shield").isEmpty)
    }

    @Test("without CAP_NET_ADMIN a flood is said once, with what would have helped, and status says that there is no shield")
    func unavailable() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url, settings: "control: \(folder.file("c.sock"))\nshield: {above: 100/s, for: 1s}",
            launcher: DropTests.powerless)
        #expect(daemon.diagnostics.contains("the shield can't be raised"), "\(daemon.diagnostics)")
        let flood = Flood(at: daemon.port)
        let line = try shieldLine(daemon, "unavailable")
        #expect(line["error"]?.contains("Operation not permitted") == true, "\(line.text)")
        #expect(line["error"]?.contains("CAP_NET_ADMIN") == true, "\(line.text)")
        #expect(flood.wait(for: flood.soFar + 1_000))
        flood.stop()
        #expect(daemon.lines("shield").count == 1)
        let shield = try status(folder)["shield"]
        #expect(shield?.string("state") == "unavailable")
        #expect(shield?.string("obstacle")?.contains("drop.conf") == true)
        #expect(try Curl(["\(daemon.url)/"]).status == 200)
    }

    @Test("a reload that switches it off lowers it at once, and an address that is granted meanwhile is let in while it is up")
    func changes() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url,
            settings: "control: \(folder.file("c.sock"))\nstate: \(folder.file("state"))\nshield: {above: 100/s, for: 1h}")
        let flood = Flood(at: daemon.port)
        _ = try shieldLine(daemon, "up")
        flood.stop()
        func curl(patience seconds: Int = 60) throws -> Int32 {
            try Curl.exitCode(of: "\(daemon.url)/", from: "127.0.0.9", patience: seconds)
        }
        #expect(try curl(patience: 1) == 28)
        #expect(
            try Daemon.run(["grant", "127.0.0.9", "--for", "1h", "--reason", "test", "--control", folder.file("c.sock")]).ending
                == .exited(0))
        #expect(try curl() == 0)
        #expect(try Daemon.run(["revoke", "127.0.0.9", "--control", folder.file("c.sock")]).ending == .exited(0))
        #expect(try curl(patience: 1) == 28)
        #expect(try daemon.reload().event == "reloaded")
        #expect(try curl(patience: 1) == 28, "a reload of the same leaves it up")
        try daemon.rewriteConfiguration("shield: {above: 100/s, for: 1h}", "shield: off")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try shieldLine(daemon, "down").number("dropped") ?? 0 > 0)
        #expect(try DropTests.reset.contains(curl()))
    }
}
