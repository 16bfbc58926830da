import Foundation
import Testing

/// The status page, metrics and probes of the real binary, as curl sees them.
@Suite("Monitoring")
struct MonitoringTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"
    private static let token = "correct-horse-battery"

    /// The port of the status page, which the kernel chose.
    private func port(of daemon: Daemon, after count: Int = 0) throws -> UInt16 {
        guard daemon.log.wait(seconds: 30, until: { $0.count { $0.event == "status_page" } > count }),
            let port = daemon.lines("status_page")[count]["address"]?.split(separator: ":").last.flatMap({ UInt16($0) })
        else { throw Failure("no status page in the log: \(daemon.diagnostics)") }
        return port
    }

    private func ask(_ port: UInt16, _ path: String, host: String = "127.0.0.1", _ arguments: String...) throws -> Curl {
        try Curl(arguments + ["http://\(host):\(port)\(path)"], from: nil)
    }

    private func metrics(_ port: UInt16) throws -> ExpositionReader { try ExpositionReader(ask(port, "/metrics").text) }

    // MARK: What is shown

    @Test("metrics count what happens: a request, a denial, a handshake that fails, an upstream")
    func metrics() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0")
        let port = try port(of: daemon)
        let before = try metrics(port)
        #expect(before["gatekeeper_requests_total", ["outcome": "completed", "status": "2xx"]] == 0)
        let client = try RawClient(to: daemon)
        for _ in 1...3 { #expect(try client.exchange(Self.get).status == 200) }
        #expect(try client.exchange("GET / HTTP/1.1\r\n\r\n").status == 400)
        for _ in 1...2 { #expect(throws: Failure.self) { try RawClient(to: daemon, from: "127.0.0.9") } }
        let plain = try RawClient(to: daemon, security: .plain)
        try plain.send(Self.get)
        _ = plain.receiveToEnd()
        let source = ["address": "127.0.0.2", "label": ""]
        let expected: [(name: String, labels: [String: String], value: Double)] = [
            ("requests_total", ["outcome": "completed", "status": "2xx"], 3),
            ("requests_total", ["outcome": "refused", "status": "4xx"], 1), ("request_duration_seconds_count", [:], 4),
            ("connections_denied_total", ["reason": "not_listed"], 2), ("connections_admitted_total", [:], 2),
            ("tls_failures_total", [:], 1), ("upstream_up", ["upstream": upstream.url], 1),
            ("upstream_connections_open", ["upstream": upstream.url], 1), ("source_requests_total", source, 4),
            ("source_connections_admitted_total", source, 2), ("configuration_generation", [:], 1),
        ]
        var last = before
        let isCounted = try eventually {
            last = try metrics(port)
            return expected.allSatisfy { last["gatekeeper_" + $0.name, $0.labels] == $0.value }
        }
        #expect(isCounted, "\(expected.map { ($0.name, $0.value, last["gatekeeper_" + $0.name, $0.labels]) })")
        let end = try #require(last.values.first { $0.key.name == "gatekeeper_certificate_not_after_timestamp_seconds" })
        #expect(end.value > Date().timeIntervalSince1970)
    }

    @Test("a reload that fails and one that succeeds are told from each other")
    func reloads() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0")
        let port = try port(of: daemon)
        try daemon.rewriteConfiguration("allow:", "alow:")
        #expect(try daemon.reload().event == "reload_failed")
        #expect(try metrics(port)["gatekeeper_configuration_last_reload_successful"] == 0)
        #expect(try ask(port, "/").text.contains("failed, and the configuration before it stays: "))
        #expect(try metrics(port)["gatekeeper_problems", ["kind": "reload_failed"]] == 1)
        try daemon.rewriteConfiguration("alow:", "allow:")
        #expect(try daemon.reload().event == "reloaded")
        #expect(
            try eventually {
                let metrics = try metrics(port)
                return metrics["gatekeeper_configuration_last_reload_successful"] == 1
                    && metrics["gatekeeper_configuration_generation"] == 2
            })
    }

    @Test("the page shows sources, with labels as text, and who was denied")
    func page() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0\nstate: \(folder.file("state"))")
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {address: 127.0.0.3, label: \"<script>alert(1)</script>\"}")
        #expect(try daemon.reload().event == "reloaded")
        let port = try port(of: daemon)
        #expect(throws: Failure.self) { try RawClient(to: daemon, from: "127.0.0.9") }
        #expect(try eventually { try ask(port, "/").text.contains(">127.0.0.9</td>") })
        let page = try ask(port, "/", "-i").text
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(!page.contains("<script"))
        #expect(page.contains("\r\nContent-Security-Policy: default-src 'none'; "))
        #expect(try ask(port, "/", "-I").text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    // MARK: Probes

    @Test("ready follows the ticket system; health doesn't")
    func readiness() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "health: {path: /, interval: 100ms}", settings: "status: 127.0.0.1:0")
        let port = try port(of: daemon)
        #expect(try ask(port, "/readyz").status == 200)
        upstream.stop()
        try daemon.waitForLine(event: "upstream_down")
        let answer = try ask(port, "/readyz")
        #expect((answer.status, answer.text) == (503, "no upstream is up\n"))
        #expect(try ask(port, "/healthz").status == 200)
        #expect(try eventually { try metrics(port)["gatekeeper_upstream_up", ["upstream": upstream.url]] == 0 })
    }

    @Test("while draining it isn't ready and says so, is in good health, and tells no counts")
    func draining() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: "ok")
            })
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0")
        let port = try port(of: daemon)
        let client = try RawClient(to: daemon)
        try client.send(Self.get)
        try upstream.waitForRequests(1)
        daemon.process.signal(SIGTERM)
        try daemon.waitForLine(event: "draining")
        let answer = try ask(port, "/readyz")
        #expect((answer.status, answer.text) == (503, "draining\n"))
        #expect(try ask(port, "/healthz").status == 200)
        #expect(try ask(port, "/metrics").status == 503)
        gate.resolve(true)
        #expect(try client.response().status == 200)
        #expect(try daemon.process.waitForEnd() == .exited(0))
    }

    @Test("a worker that stands still is told within seconds, and so is that it goes on")
    func stuckWorker() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0\nworkers: 2")
        let port = try port(of: daemon)
        #expect(try ask(port, "/healthz").status == 200)
        let held = try HeldThread("worker-1", of: daemon.process.id)
        #expect(try eventually { try ask(port, "/healthz").status == 503 })
        #expect(try ask(port, "/readyz").text == "a worker does not answer\n")
        #expect(try ask(port, "/metrics").status == 503)
        try held.release()
        #expect(try eventually { try ask(port, "/healthz").status == 200 })
    }

    // MARK: Who may read

    @Test("an address that others can reach is refused at the start unless a token is set, and nothing serves")
    func beyondLoopback() throws {
        let scene = try ConfigurationScene(upstream: "http://127.0.0.1:1", "status: 0.0.0.0:9180")
        let run = try scene.run("run")
        #expect(run.ending == .exited(2))
        #expect(run.errors.contains("gatekeeper.yaml:11:9: status: 0.0.0.0:9180 can be reached from other machines"), "\(run.errors)")
        #expect(try scene.run("check").ending == .exited(2))
    }

    @Test("the token opens the page to curl in both ways, and stands nowhere else")
    func token() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let control = folder.file("control.sock")
        let daemon = try Daemon(
            upstream: upstream.url, settings: "status: 0.0.0.0:0\nstatus_token: ${TOKEN}\ncontrol: \(control)",
            environment: ["TOKEN": Self.token])
        let port = try port(of: daemon)
        #expect(try ask(port, "/metrics").status == 401)
        #expect(try ask(port, "/metrics", "-u", "anybody:\(Self.token)x").status == 401)
        let refusal = try daemon.waitForLine(event: "status_refused")
        #expect(refusal.reason == "wrong_token" && refusal.peer == "127.0.0.1" && refusal.number("count") == 1)
        for path in ["/", "/metrics"] {
            #expect(try ask(port, path, host: "127.0.0.7", "-H", "Authorization: Bearer \(Self.token)").status == 200)
            #expect(try ask(port, path, "-u", "anybody:\(Self.token)").status == 200)
        }
        #expect(try ask(port, "/healthz").status == 200)
        try daemon.rewriteConfiguration("${TOKEN}", "another-token-than-before")
        #expect(try daemon.reload()["changes"] == "status_token: another")
        #expect(try ask(port, "/metrics", "-u", "anybody:\(Self.token)").status == 401)
        #expect(try ask(port, "/metrics", "-u", "anybody:another-token-than-before").status == 200)
        let shown = [
            daemon.log.all.map(\.text).joined(), daemon.diagnostics, try Daemon.run(["status", "--control", control]).output,
            try Daemon.run(["status", "--json", "--control", control]).output,
            try ask(port, "/", "-u", "anybody:another-token-than-before").text,
        ]
        for text in shown { #expect(!text.contains(Self.token) && !text.contains("another-token")) }
        #expect(shown[2].contains("status page on 0.0.0.0:\(port)\n"))
    }

    @Test("a web page that has its own name lead to loopback reads nothing")
    func rebinding() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0")
        let port = try port(of: daemon)
        let answer = try ask(port, "/metrics", host: "evil.example", "--resolve", "evil.example:\(port):127.0.0.1")
        #expect(answer.status == 421)
        #expect(!answer.text.contains("gatekeeper_"))
        #expect(try ask(port, "/metrics", host: "localhost", "--resolve", "localhost:\(port):127.0.0.1").status == 200)
    }

    // MARK: Hostile readers

    @Test("readers that stand still, or send half a head, cost neither the service nor other readers anything")
    func stuckReaders() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let control = folder.file("control.sock")
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0\ncontrol: \(control)")
        let port = try port(of: daemon)
        let halves = try (1...40).map { _ in
            let half = try RawClient(port: port, from: nil, security: .plain)
            try half.send("GET /metrics HTTP/1.1\r\nHost: 127.")
            return half
        }
        let output = try OpenFile(creating: folder.file("output"))
        let stopped = try (1...8).map { _ in
            let curl = try ChildProcess("curl", ["-sS", "--max-time", "60", "http://127.0.0.1:\(port)/"], output: output, errors: output)
            curl.signal(SIGSTOP)
            return curl
        }
        for _ in 1...5 {
            #expect(try ask(port, "/metrics").status == 200)
            #expect(try ask(port, "/healthz").status == 200)
            #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
            #expect(try Daemon.run(["status", "--control", control]).ending == .exited(0))
        }
        #expect(try daemon.reload().event == "reloaded")
        for curl in stopped { curl.signal(SIGCONT) }
        for curl in stopped { #expect(try curl.waitForEnd() == .exited(0)) }
        withExtendedLifetime(halves) {}
        #expect(try daemon.terminate() == .exited(0))
    }

    // MARK: Where it is served

    @Test("a reload opens it, moves it and closes it; what can't be opened leaves everything as it was")
    func moves() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "on_deny: reset")
        try daemon.rewriteConfiguration("on_deny: reset", "status: 127.0.0.1:0")
        #expect(try daemon.reload()["changes"]?.contains("status: default -> 127.0.0.1:0") == true)
        let first = try port(of: daemon)
        #expect(try ask(first, "/healthz").status == 200)

        let taken = try ScriptedUpstream(.echo)
        let address = taken.url.replacingOccurrences(of: "http://", with: "")
        try daemon.rewriteConfiguration("status: 127.0.0.1:0", "status: \(address)")
        let failure = try daemon.reload()
        #expect(failure.event == "reload_failed")
        #expect(failure["error"]?.contains("listen on \(address): Address already in use") == true, "\(failure)")
        #expect(try ask(first, "/healthz").status == 200)

        try daemon.rewriteConfiguration("status: \(address)", "status: 127.0.0.4:\(first)")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try port(of: daemon, after: 1) == first)
        #expect(try ask(first, "/metrics", host: "127.0.0.4").status == 200)
        #expect(try ask(first, "/healthz").exitCode == 7)

        // The same port on every address, while the old socket still listens on one of them.
        try daemon.rewriteConfiguration("status: 127.0.0.4:\(first)", "status: 0.0.0.0:\(first)\nstatus_token: \(Self.token)")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try ask(first, "/metrics", "-u", ":\(Self.token)").status == 200)
        #expect(try ask(first, "/metrics", host: "127.0.0.4", "-u", ":\(Self.token)").status == 200)

        try daemon.rewriteConfiguration("status: 0.0.0.0:\(first)\nstatus_token: \(Self.token)", "")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try ask(first, "/healthz").exitCode == 7)
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("a new configuration that fails for another reason leaves the page where it is")
    func failsLater() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:0")
        let first = try port(of: daemon)
        try daemon.rewriteConfiguration("status: 127.0.0.1:0", "status: 127.0.0.4:\(first)")
        try daemon.rewriteConfiguration("- address: \"127.0.0.1:0\"", "- address: \"192.0.2.77:0\"")
        #expect(try daemon.reload().event == "reload_failed")
        #expect(try ask(first, "/healthz").status == 200)
        #expect(try ask(first, "/healthz", host: "127.0.0.4").exitCode == 7)
        #expect(daemon.lines("status_page").count == 1)
    }

    @Test("a port that is taken ends the start, before anything is served")
    func takenAtStart() throws {
        let taken = try ScriptedUpstream(.echo)
        let address = taken.url.replacingOccurrences(of: "http://", with: "")
        let run = try ConfigurationScene(upstream: taken.url, "status: \(address)").run("run")
        #expect(run.ending == .exited(1))
        #expect(run.lines.isEmpty)
        #expect(run.errors.contains("listen on \(address): Address already in use; another program listens there already"), "\(run)")
    }

    @Test("check tries its port too, and knows one that the running service holds")
    func check() throws {
        let upstream = try ScriptedUpstream(.echo)
        let address = upstream.url.replacingOccurrences(of: "http://", with: "")
        let taken = try ConfigurationScene(upstream: upstream.url, "status: \(address)").run("check")
        #expect(taken.ending == .exited(2))
        #expect(taken.lines.contains { $0.contains(":11:9: status: ") && $0.contains("another program listens there") }, "\(taken.lines)")

        let folder = try TemporaryFolder()
        let daemon = try Daemon(
            upstream: upstream.url, settings: "status: 127.0.0.1:0\ncontrol: \(folder.file("control.sock"))")
        let port = try port(of: daemon)
        #expect(eventually { FileManager.default.fileExists(atPath: folder.file("control.sock")) })
        try daemon.rewriteConfiguration("status: 127.0.0.1:0", "status: 127.0.0.1:\(port)")
        let own = try Daemon.run(["check", "--config", daemon.configuration])
        #expect(own.ending == .exited(0), "\(own)")
        #expect(own.output.contains("note: 127.0.0.1:\(port) is held by the running service, process \(daemon.process.id)\n"))
    }

    @Test("a successor serves the page on the same port, and the old process no more")
    func succession() throws {
        let upstream = try ScriptedUpstream(.echo)
        let reservation = try PortReservation()
        let port = reservation.port
        let daemon = try Daemon(upstream: upstream.url, settings: "status: 127.0.0.1:\(port)")
        // It keeps the old process from ending at once.
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).status == 200)
        let started = try metrics(port)["gatekeeper_process_start_time_seconds"]
        daemon.process.signal(SIGUSR2)
        let line = try daemon.waitForLine { $0.event == "succession" && $0["state"] == "handed_over" }
        try daemon.waitForLine(event: "draining")
        let successor = pid_t(try #require(line.number("process")))
        for _ in 1...20 {
            #expect(try ask(port, "/readyz").text == "ready\n")
            #expect(try metrics(port)["gatekeeper_process_start_time_seconds"] != started)
        }
        client.close()
        #expect(try daemon.process.waitForEnd() == .exited(0))
        #expect(try ask(port, "/healthz").status == 200)
        kill(successor, SIGTERM)
        #expect(daemon.log.waitForEnd(seconds: 60))
        #expect(try ask(port, "/healthz").exitCode == 7)
        withExtendedLifetime(reservation) {}
    }
}
