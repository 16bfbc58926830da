import Foundation
import Testing

@Suite("Several ticket systems, and what happens when there aren't connections enough")
struct UpstreamGroupTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let post = "POST /ticket HTTP/1.1\r\nHost: tickets\r\nContent-Length: 6\r\n\r\nticket"

    private static func named(_ name: String) -> UpstreamScript {
        .each { _, connection in try connection.respond(body: name) }
    }

    private static func daemon(_ urls: [String], _ more: [String] = [], top: String = "workers: 1") throws -> Daemon {
        try Daemon(upstreams: urls, settings: top, upstreamLines: more)
    }

    @Test("the first serves while it answers; when it is gone the next does, without a lost ticket, and the log tells")
    func failover() throws {
        let reservation = try PortReservation()
        let second = try ScriptedUpstream(Self.named("second"))
        let daemon = try Self.daemon(["http://127.0.0.1:\(reservation.port)", second.url])
        let client = try RawClient(to: daemon)
        for _ in 1...6 { #expect(try client.exchange(Self.post).text == "second") }
        #expect(second.requests.count == 6)
        let line = try daemon.waitForLine(event: "upstream_down")
        #expect(line["upstream"] == "http://127.0.0.1:\(reservation.port)" && line["reason"] == "connect_refused")
        #expect(try daemon.waitForLine { $0["upstream"] == second.url }["outcome"] == "completed")
    }

    @Test("one that crashes in use is passed over, and taken again when it is back")
    func comesBack() throws {
        let folder = try TemporaryFolder()
        let second = try ScriptedUpstream(Self.named("second"))
        let daemon = try Self.daemon(["unix:\(folder.file("first.sock"))", second.url])
        let client = try RawClient(to: daemon)
        do {
            let first = try ScriptedUpstream(path: folder.file("first.sock"), Self.named("first"))
            #expect(try client.exchange(Self.post).text == "first")
            first.stop()
            #expect(first.waitForOpenConnections(atMost: 0) == 0)
        }
        try FileManager.default.removeItem(atPath: folder.file("first.sock"))
        for _ in 1...4 { #expect(try client.exchange(Self.post).text == "second") }
        try daemon.waitForLine(event: "upstream_down")
        let back = try ScriptedUpstream(path: folder.file("first.sock"), Self.named("back"))
        let deadline = Date(timeIntervalSinceNow: 20)
        while try client.exchange(Self.get).text != "back", Date() < deadline {}
        #expect(!back.requests.isEmpty)
        try daemon.waitForLine(event: "upstream_up")
    }

    @Test("round robin gives each its turn")
    func roundRobin() throws {
        let upstreams = try (1...3).map { try ScriptedUpstream(Self.named("\($0)")) }
        let daemon = try Self.daemon(upstreams.map(\.url), ["order: round_robin"])
        let client = try RawClient(to: daemon)
        for _ in 1...9 { #expect(try client.exchange(Self.post).status == 200) }
        #expect(upstreams.map(\.requests.count) == [3, 3, 3])
    }

    @Test("when all are gone they are still tried, and the answer is a 502, not a 503")
    func allGone() throws {
        let first = try PortReservation()
        let second = try PortReservation()
        let daemon = try Self.daemon(["http://127.0.0.1:\(first.port)", "http://127.0.0.1:\(second.port)"])
        let client = try RawClient(to: daemon)
        for _ in 1...8 { #expect(try client.exchange(Self.get).status == 502) }
        #expect(daemon.log.wait(seconds: 30) { lines in lines.count { $0.event == "upstream_down" } == 2 })
        withExtendedLifetime(first) {}
        withExtendedLifetime(second) {}
    }

    // MARK: Active checks

    @Test("a check takes what is gone out before a request meets it, answers 503 when nothing is left, and brings it back")
    func check() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("app.sock")
        let daemon = try Self.daemon(["unix:\(path)"], ["health: {path: /alive, interval: 100ms}"])
        try daemon.waitForLine(event: "upstream_down")
        let client = try RawClient(to: daemon)
        let answer = try client.exchange(Self.get)
        #expect(answer.status == 503)
        #expect(answer["content-type"] == "application/problem+json")
        #expect(try daemon.waitForLine(event: "request")["reason"] == "none_healthy")

        let upstream = try ScriptedUpstream(
            path: path,
            .each { request, connection in
                try connection.respond(request.target == "/alive" ? "401 Unauthorized" : "200 OK")
            })
        try daemon.waitForLine(event: "upstream_up")
        #expect(try client.exchange(Self.get).status == 200)
        let checks = upstream.requests.filter { $0.target == "/alive" }
        #expect(checks.first?["host"] == "localhost" && checks.first?["connection"] == "close")
    }

    // MARK: Connections

    /// Counts what is asked of it at the same time, and answers when told to.
    private static func gated(_ gate: Awaited<Bool>) -> UpstreamScript {
        .each { _, connection in
            _ = gate.wait(seconds: 60)
            try connection.respond(body: "\(connection.number)")
        }
    }

    @Test("forty requests share four connections, none is lost, and all workers together keep the number", arguments: [1, 3])
    func fortyConnections(workers: Int) throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(Self.gated(gate))
        let daemon = try Self.daemon([upstream.url], ["connections_max: 4"], top: "workers: \(workers)")
        let clients = try (1...40).map { _ in try RawClient(to: daemon) }
        for client in clients { try client.send(Self.post) }
        #expect(upstream.waitForOpenConnections(atMost: 4) <= 4)
        gate.resolve(true)
        for client in clients { #expect(try client.response().status == 200) }
        #expect(upstream.requests.count == 40)
    }

    @Test("a worker whose idle connections hold all places gives one to a request of another's")
    func idleElsewhere() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Self.daemon([upstream.url], ["connections_max: 1"], top: "workers: 3")
        // Connections are spread over the workers: among twenty some are served by each of them.
        for _ in 1...20 { #expect(try RawClient(to: daemon).exchange(Self.post).status == 200) }
        #expect(upstream.waitForOpenConnections(atMost: 1) <= 1)
    }

    @Test("who waits longer than may be is answered 503, as is who finds the queue full")
    func queue() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(Self.gated(gate))
        let daemon = try Self.daemon([upstream.url], ["connections_max: 1", "queue: {requests: 1, for: 2s}"])
        let first = try RawClient(to: daemon)
        try first.send(Self.post)
        try upstream.waitForConnections(1)
        let (second, third) = (try RawClient(to: daemon), try RawClient(to: daemon))
        try second.send(Self.post)
        // One of the two waits, whichever came first; the other is turned away at once.
        try third.send(Self.post)
        #expect(try second.response().status == 503)
        #expect(try third.response().status == 503)
        gate.resolve(true)
        #expect(try first.response().status == 200)
        for reason in ["queue_full", "queue_timeout"] { try daemon.waitForLine { $0["reason"] == reason } }
        #expect(upstream.requests.count == 1)
    }

    @Test("a client that goes while it waits takes its request with it")
    func goesWaiting() throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(Self.gated(gate))
        let daemon = try Self.daemon([upstream.url], ["connections_max: 1"])
        let first = try RawClient(to: daemon)
        try first.send(Self.post)
        try upstream.waitForConnections(1)
        let second = try RawClient(to: daemon)
        try second.send(Self.post)
        second.socket.finishSending()
        #expect(try daemon.waitForLine(event: "request")["outcome"] == "client_gone")
        gate.resolve(true)
        #expect(try first.response().status == 200)
        #expect(upstream.requests.count == 1)
    }
}
