import Foundation
import Testing

@Suite("Other settings while serving")
struct ReloadTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    @Test("an address that was added is admitted, one that was removed loses its connections, and the others go on")
    func allowList() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                if request.target == "/slow" { _ = gate.wait(seconds: 60) }
                try connection.respond(body: "ok")
            })
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        let kept = try RawClient(to: daemon, from: "127.0.0.2")
        let idle = try RawClient(to: daemon, from: "127.0.0.3")
        let busy = try RawClient(to: daemon, from: "127.0.0.3")
        #expect(try kept.exchange(Self.get).status == 200)
        #expect(try idle.exchange(Self.get).status == 200)
        try busy.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n")
        try upstream.waitForRequests(3)
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {address: 127.0.0.9, label: office}")
        let line = try daemon.reload()
        #expect(line.event == "reloaded")
        #expect(line["changes"] == "allow: + 127.0.0.9 (office); allow: - 127.0.0.3")
        #expect(line["by"] == "SIGHUP")
        #expect(idle.receiveToEnd().ending == .reset)
        #expect(busy.receiveToEnd().ending == .reset)
        gate.resolve(true)
        #expect(try daemon.waitForLine(event: "revoked")["peer"] == "127.0.0.3")
        #expect(try kept.exchange(Self.get).status == 200)
        #expect(try RawClient(to: daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
        #expect(throws: Failure.self) { try RawClient(to: daemon, from: "127.0.0.3") }
        #expect(try daemon.waitForLine { $0.event == "request" && $0["label"] == "office" }["peer"] == "127.0.0.9")
    }

    @Test("an entry that ends takes its connections with it, and whoever comes later is told from strangers")
    func until() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        let end = Date(timeIntervalSinceNow: 10)
        let text = ISO8601DateFormatter().string(from: end)
        try daemon.rewriteConfiguration("- \"127.0.0.3\"", "- {address: 127.0.0.3, until: \"\(text)\"}")
        #expect(try daemon.reload().event == "reloaded")
        let client = try RawClient(to: daemon, from: "127.0.0.3")
        #expect(try client.exchange(Self.get).status == 200)
        #expect(client.receiveToEnd().ending == .reset)
        #expect(Date() >= end.addingTimeInterval(-1))
        #expect(throws: Failure.self) { try RawClient(to: daemon, from: "127.0.0.3") }
        #expect(try daemon.waitForLine(event: "denied").reason == "expired")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("another state folder is refused by reload and by a hand-over, told before either, and nobody loses anything")
    func stateFolder() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let control = folder.file("c.sock")
        let daemon = try Daemon(upstream: upstream.url, settings: "control: \(control)\nstate: \(folder.file("old"))")
        func run(_ words: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
            try Daemon.run(words + ["--control", control])
        }
        #expect(try run("grant", "127.0.0.9", "--for", "1h", "--reason", "test").ending == .exited(0))
        try daemon.rewriteConfiguration("state: \(folder.file("old"))", "state: \(folder.file("new"))")
        let loss = "the ledger and 1 grant would stay behind in \(folder.file("old"))"
        #expect(try eventually { try run("status").output.contains("names another state folder, and at the next start \(loss)") })
        let reload = try run("reload")
        #expect(reload.ending == .exited(2) && reload.errors.contains("state: \(loss), so another folder takes a restart"), "\(reload)")
        daemon.process.signal(SIGUSR2)
        #expect(eventually { daemon.diagnostics.contains("SIGUSR2: state: \(loss)") }, "\(daemon.diagnostics)")
        #expect(try RawClient(to: daemon, from: "127.0.0.9").exchange(Self.get).status == 200)
    }

    @Test("a connection takes the new settings with its next request")
    func nextRequest() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "limits: {request_body: 1MiB}")
        let client = try RawClient(to: daemon)
        let post = "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody"
        #expect(try client.exchange(post).status == 200)
        try daemon.rewriteConfiguration("request_body: 1MiB", "request_body: 3B")
        #expect(try daemon.reload()["changes"] == "limits.request_body: 1MiB -> 3B")
        #expect(try client.exchange(post).status == 413)
    }

    @Test("another upstream gets the next request, while the answer of the old one is still delivered")
    func otherUpstream() throws {
        let gate = Awaited<Bool>()
        let old = try ScriptedUpstream(
            .each { _, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: "old")
            })
        let new = try ScriptedUpstream(.each { _, connection in try connection.respond(body: "new") })
        let daemon = try Daemon(upstream: old.url, settings: "")
        let first = try RawClient(to: daemon)
        try first.send(Self.get)
        try old.waitForRequests(1)
        try daemon.rewriteConfiguration(old.url, new.url)
        #expect(try daemon.reload().event == "reloaded")
        #expect(try RawClient(to: daemon).exchange(Self.get).text == "new")
        gate.resolve(true)
        #expect(try first.response().text == "old")
        #expect(try first.exchange(Self.get).text == "new")
        // Nothing is kept open to a ticket system that isn't ours any more.
        #expect(old.waitForOpenConnections(atMost: 0) == 0)
    }

    @Test("a listener that was added accepts, one that was removed doesn't, and its connections go on")
    func listeners() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        let client = try RawClient(to: daemon)
        let reservation = try PortReservation()
        let other = reservation.port
        try daemon.rewriteConfiguration("- address: \"127.0.0.1:0\"", "- address: \"127.0.0.1:\(other)\"")
        #expect(try daemon.reload()["changes"] == "listen: + 127.0.0.1:\(other); listen: - 127.0.0.1:0")
        #expect(try RawClient(port: other).exchange(Self.get).status == 200)
        #expect(try client.exchange(Self.get).status == 200)
        #expect(throws: Failure.self) { try RawClient(to: daemon) }
        withExtendedLifetime(reservation) {}
        #expect(daemon.log.wait(seconds: 30) { $0.count { $0.event == "request" } == 2 })
        // Two workers may have served them, whose lines come in any order.
        #expect(Set(daemon.lines("request").map { $0["listener"] }) == ["127.0.0.1:\(other)", "127.0.0.1:\(daemon.port)"])
    }

    @Test("a free port that is asked for by its number from now on is listened on once")
    func freePortByNumber() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "")
        // When it says that it has started, its files are still looked at, and what it watches them by may not be open yet.
        #expect(try daemon.reload().event == "reloaded")
        var descriptors = try daemon.facts.descriptorCount
        _ = try eventually(seconds: 0.5) {
            descriptors = min(descriptors, try daemon.facts.descriptorCount)
            return false
        }
        try daemon.rewriteConfiguration("127.0.0.1:0", "127.0.0.1:\(daemon.port)")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try eventually { try daemon.facts.descriptorCount == descriptors })
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test(
        "whatever is wrong with the new configuration, the old one stays and the log says why",
        arguments: [
            ("on_deny: reset", "on_deny: sometimes", "sometimes"),
            ("- \"127.0.0.3\"", "- 127.0.0.300", "127.0.0.300"),
            ("allow:", "alow:", "did you mean allow?"),
            ("key: ", "key: /nonexistent", "nonexistent"),
            ("- \"127.0.0.3\"", "- {file: missing.txt}", "missing.txt"),
            ("- address: \"127.0.0.1:0\"", "- address: \"192.0.2.77:0\"", "192.0.2.77"),
            ("  - \"127.0.0.2\"", "  - [", "flow"),
        ])
    func broken(old: String, new: String, reason: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "on_deny: reset")
        let client = try RawClient(to: daemon)
        try daemon.rewriteConfiguration(old, new)
        let line = try daemon.reload()
        #expect(line.event == "reload_failed")
        #expect(line["error"]?.contains(reason) == true, "\(line.text)")
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try RawClient(to: daemon, from: "127.0.0.3").exchange(Self.get).status == 200)
        // And the next good one is taken.
        try daemon.rewriteConfiguration(new, old)
        #expect(try daemon.reload().event == "reloaded")
    }

    @Test("the log goes on in another file, and access lines stop, as the new configuration says")
    func log() throws {
        let upstream = try ScriptedUpstream(.echo)
        let folder = try TemporaryFolder()
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {to: stdout}")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).status == 200)
        try daemon.waitForLine(event: "request")
        let file = folder.file("other.log")
        try daemon.rewriteConfiguration("log: {to: stdout}", "log: {to: \(file), access: false}")
        daemon.process.signal(SIGHUP)
        func text() -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }
        #expect(eventually { text().contains("\"reloaded\"") })
        #expect(try client.exchange(Self.get).status == 200)
        #expect(throws: Failure.self) { try RawClient(to: daemon, from: "127.0.0.9") }
        #expect(eventually { text().contains("\"denied\"") })
        #expect(!text().contains("\"request\""))
    }

    @Test("ten reloads a second under load cost not one request, and memory stays flat")
    func underLoad() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {access: false}\nlimits: {request_body: 1MiB}")
        let load = SteadyLoad(to: daemon)
        var sizes = ["1MiB", "2MiB"]
        var resident: [Int] = []
        for _ in 0..<300 {
            let due = Date(timeIntervalSinceNow: 0.1)
            try daemon.rewriteConfiguration("request_body: \(sizes[0])", "request_body: \(sizes[1])")
            sizes.swapAt(0, 1)
            #expect(try daemon.reload().event == "reloaded")
            resident.append(try daemon.facts.residentBytes)
            _ = Awaited<Bool>().wait(seconds: max(0, due.timeIntervalSinceNow))
        }
        let count = load.stop()
        #expect(count.failures.isEmpty, "\(count.failures.prefix(5)) of \(count.answered)")
        #expect(count.answered > 1_000)
        // What a snapshot needs is reached within the first third; nothing is added to it.
        let (early, late) = (resident[100..<150].max() ?? 0, resident[250...].max() ?? 0)
        #expect(late < early + 4 << 20, "\(early >> 10) KiB, then \(late >> 10) KiB")
    }
}
