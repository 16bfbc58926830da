import Foundation
import Testing

/// SIGUSR2: another process of the binary takes over without a gap.
@Suite("Succession")
struct SuccessionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    /// The process that has taken over.
    private func successor(of daemon: Daemon) throws -> pid_t {
        let line = try daemon.waitForLine { $0.event == "succession" && $0["state"] == "handed_over" }
        guard let number = line.number("process"), number > 1 else { throw Failure("no process in \(line.text)") }
        return pid_t(number)
    }

    @Test("under load a new process takes over and not one of 20 000 requests fails")
    func underLoad() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {access: false}")
        let load = SteadyLoad(to: daemon)
        #expect(load.wait(forAnswers: 5_000))
        daemon.process.signal(SIGUSR2)
        let successor = try successor(of: daemon)
        #expect(try daemon.process.waitForEnd() == .exited(0))
        let before = load.soFar.answered
        #expect(load.wait(forAnswers: max(20_000, before + 5_000)))
        let count = load.stop()
        kill(successor, SIGTERM)
        #expect(count.failures.isEmpty, "\(count.failures.prefix(5)) of \(count.answered)")
        #expect(daemon.log.waitForEnd(seconds: 60))
        #expect(daemon.lines("started").count == 2)
        #expect(daemon.lines("stopped").count == 2)
    }

    @Test("the history of the last minutes goes on with the new process")
    func history() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0")
        let client = try RawClient(to: daemon)
        for _ in 1...5 { #expect(try client.exchange(Self.get).status == 200) }
        for _ in 1...3 { #expect(throws: Failure.self) { try RawClient(to: daemon, from: "127.0.0.9") } }
        client.close()
        #expect(try eventually { try Self.day(of: daemon)?["denied"] == 3 })
        daemon.process.signal(SIGUSR2)
        let successor = try successor(of: daemon)
        defer { kill(successor, SIGTERM) }
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(throws: Failure.self) { try RawClient(to: daemon, from: "127.0.0.9") }
        var last: [String: Double]?
        let isWhole = try eventually {
            last = try Self.day(of: daemon, after: 1)
            return last?["denied"] == 4
        }
        #expect(isWhole, "\(String(describing: last))")
        #expect(last?["requests"] == 5)
    }

    /// The sums of the last 24 hours, by the process that was the first after so many others to serve the status page.
    private static func day(of daemon: Daemon, after count: Int = 0) throws -> [String: Double]? {
        guard daemon.log.wait(seconds: 30, until: { $0.count { $0.event == "status_page" } > count }),
            let port = daemon.lines("status_page")[count]["address"]?.split(separator: ":").last
        else { throw Failure("no status page in the log: \(daemon.diagnostics)") }
        let day = try JSONValue(parsing: Curl(["http://127.0.0.1:\(port)/status.json"], from: nil).text.utf8)["day"]
        guard case .object(let series)? = day else { return nil }
        return series.mapValues { $0.array?.reduce(0) { $0 + ($1.number ?? 0) } ?? 0 }
    }

    @Test("a request that runs is finished by the old process, the next one is served by the new")
    func running() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                if request.target == "/slow" { _ = gate.wait(seconds: 60) }
                try connection.respond(body: request.target)
            })
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        let busy = try RawClient(to: daemon)
        let idle = try RawClient(to: daemon)
        #expect(try idle.exchange(Self.get).status == 200)
        try busy.send("POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nticket")
        try upstream.waitForRequests(2)
        daemon.process.signal(SIGUSR2)
        let successor = try successor(of: daemon)
        try daemon.waitForLine(event: "draining")
        // The idle connection may bring one more request, which says that it is the last.
        let last = try idle.exchange(Self.get)
        #expect(last.status == 200)
        #expect(last["connection"] == "close")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        gate.resolve(true)
        #expect(try busy.response().text == "/slow")
        #expect(try daemon.process.waitForEnd() == .exited(0))
        kill(successor, SIGTERM)
        #expect(daemon.log.waitForEnd(seconds: 60))
    }

    @Test("an address that leaves the allow-list after the change of process ends in the old process, too")
    func revoked() throws {
        let gate = Awaited<Bool>()
        defer { gate.resolve(true) }
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: request.target)
            })
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        let (staying, leaving) = (try RawClient(to: daemon), try RawClient(to: daemon, from: "127.0.0.3"))
        try staying.send(Self.get)
        try leaving.send(Self.get)
        try upstream.waitForRequests(2)
        daemon.process.signal(SIGUSR2)
        let successor = try successor(of: daemon)
        defer { kill(successor, SIGTERM) }
        try daemon.rewriteConfiguration("  - \"127.0.0.3\"\n", "")
        kill(successor, SIGHUP)
        #expect(leaving.receiveToEnd().ending == .reset)
        try daemon.waitForLine { $0.event == "revoked" && $0["peer"] == "127.0.0.3" }
        gate.resolve(true)
        #expect(try staying.response().status == 200)
        #expect(try daemon.process.waitForEnd() == .exited(0))
    }

    @Test("a service that is ended while its successor starts leaves nobody behind")
    func ended() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        // It finds both when it goes on: the second is there before a new process can have begun to serve.
        for signal in [SIGSTOP, SIGUSR2, SIGTERM, SIGCONT] { daemon.process.signal(signal) }
        #expect(try daemon.process.waitForEnd() == .exited(0))
        // Both write to the same log.
        #expect(daemon.log.waitForEnd(seconds: 30))
        #expect(daemon.lines("succession").map { $0["state"] } == ["begun"])
        #expect(throws: Failure.self) { try RawClient(to: daemon) }
    }

    @Test("a new process that can't serve leaves the old one serving")
    func failing() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        let client = try RawClient(to: daemon)
        try daemon.rewriteConfiguration("allow:", "alow:")
        daemon.process.signal(SIGUSR2)
        let line = try daemon.waitForLine { $0.event == "succession" && $0["state"] == "failed" }
        #expect(line["error"] == "it exited with status 2")
        #expect(line["said"]?.contains("unknown key \"alow\"; did you mean allow?") == true, "\(line)")
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
        try daemon.rewriteConfiguration("alow:", "allow:")
        #expect(try daemon.reload().event == "reloaded")
    }
}
