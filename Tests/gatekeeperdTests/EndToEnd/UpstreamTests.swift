import Foundation
import Testing

@Suite("The ticket system's connections, and what happens when they fail")
struct UpstreamTests {
    @Test("a steady load dials once for each request that is under way, with nothing configured")
    func steady() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let clients = try (1...40).map { _ in try RawClient(to: daemon) }
        for _ in 1...5 {
            for client in clients { try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n") }
            for client in clients { #expect(try client.response().status == 200) }
        }
        #expect(upstream.connectionCount <= clients.count)
    }

    private static let get = "GET /a HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let post = "POST /ticket HTTP/1.1\r\nHost: tickets\r\nContent-Length: 6\r\n\r\nticket"

    @Test("a UNIX socket serves as upstream")
    func unixSocket() throws {
        let folder = try TemporaryFolder()
        let upstream = try ScriptedUpstream(path: folder.file("app.sock"), .echo)
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "reuse_after_body: true", settings: "")
        let client = try RawClient(to: daemon)
        for _ in 1...3 { #expect(try client.exchange(Self.post).json["body_bytes"]?.number == 6) }
        #expect(upstream.connectionCount == 1)
    }

    @Test("a name is resolved")
    func name() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url.replacingOccurrences(of: "127.0.0.1", with: "localhost"))
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("connections upstream are kept and used again")
    func reuse() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        for _ in 1...20 { #expect(try client.exchange(Self.get).json["connection"]?.number == 1) }
    }

    @Test(
        "after a burst only those connections stay open that are used within idle.for, and no more than idle.connections for each worker",
        arguments: [("{for: 500ms}", 1), ("{connections: 2}", 4)])
    func smallPool(idle: String, open: Int) throws {
        let gate = Awaited<Bool>()
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                _ = gate.wait(seconds: 60)
                try connection.respond(body: "ok")
            })
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "idle: \(idle)", settings: "workers: 2")
        let clients = try (1...40).map { _ in try RawClient(to: daemon) }
        for client in clients { try client.send(Self.get) }
        try upstream.waitForRequests(40)
        gate.resolve(true)
        for client in clients { #expect(try client.response().text == "ok") }
        let isSmall = try eventually {
            let isServed = try clients[0].exchange(Self.get).text == "ok"
            return isServed && upstream.waitForOpenConnections(atMost: open, seconds: 0.1) <= open
        }
        #expect(isSmall)
    }

    @Test("an upstream that isn't there is a 502 in JSON, and one that comes back is used")
    func refused() throws {
        let reservation = try PortReservation()
        let port = reservation.port
        let daemon = try Daemon(upstream: "http://127.0.0.1:\(port)")
        let client = try RawClient(to: daemon)
        for _ in 1...2 {
            let answer = try client.exchange(Self.get)
            #expect(answer.status == 502)
            #expect(answer["content-type"] == "application/problem+json")
            let identifier = try #require(answer["x-request-id"])
            let problem = try answer.json
            #expect(problem["status"]?.number == 502)
            #expect(problem["title"]?.string == "Bad Gateway")
            #expect(problem["instance"]?.string == "urn:gatekeeper:\(identifier)")
            #expect(!answer.text.contains("127.0.0.1"))
            #expect(!answer.text.contains("\(port)"))
            #expect(try daemon.waitForLine { $0["id"] == identifier }["outcome"] == "upstream_failed")
        }
        withExtendedLifetime(reservation) {}
    }

    @Test("a crash of the upstream with connections in the pool costs no request after its return")
    func restarted() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        for method in ["GET", "PUT", "GET", "POST"] {
            #expect(try client.exchange("\(method) / HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok").status == 200)
            upstream.closeConnections()
            #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        }
        #expect(upstream.requests.count == 4)
    }

    @Test("an upstream that closes idle connections after a moment is asked again, for any method")
    func closesIdle() throws {
        let upstream = try ScriptedUpstream(.closesIdle(afterMilliseconds: 50))
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        for number in 1...6 {
            #expect(try client.exchange(number % 2 == 0 ? Self.post : Self.get).status == 200)
            #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        }
        #expect(upstream.requests.count == 6)
    }

    @Test("a GET whose reused connection closes under it is sent again")
    func retry() throws {
        let upstream = try ScriptedUpstream(.closesOnSecondRequest)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).text == "GET on 1")
        #expect(try client.exchange(Self.get).text == "GET on 2")
        #expect(upstream.requests.count == 3)
    }

    @Test("a POST that an upstream may have acted on is never sent twice")
    func noDoublePost() throws {
        let upstream = try ScriptedUpstream(.closesOnSecondRequest)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try client.exchange(Self.post).status == 502)
        #expect(upstream.requests.filter { $0.method == "POST" }.count == 1)
    }

    // MARK: Deadlines

    @Test("a head that doesn't come to its end is answered 408")
    func headDeadline() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {head: 300ms}")
        let client = try RawClient(to: daemon)
        try client.send("GET / HTTP/1.1\r\nHost: tick")
        #expect(try client.response().status == 408)
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(upstream.connectionCount == 0)
    }

    @Test("a connection that asks nothing more is closed in order")
    func idleDeadline() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {idle: 2s}")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).status == 200)
        let (bytes, ending) = client.receiveToEnd()
        #expect(bytes.isEmpty)
        #expect(ending == .closeNotify)
    }

    @Test("a body that stops coming ends the exchange, and the upstream never has it whole")
    func bodyDeadline() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {body: 300ms}")
        let client = try RawClient(to: daemon)
        try client.send("POST / HTTP/1.1\r\nHost: tickets\r\nContent-Length: 100\r\n\r\nhalf")
        #expect(try client.response().status == 408)
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(try daemon.waitForLine { $0["outcome"] != nil }["outcome"] == "client_timeout")
        #expect(upstream.requests.isEmpty)
    }

    @Test("an upstream that doesn't answer is a 504")
    func responseDeadline() throws {
        let upstream = try ScriptedUpstream(.neverAnswers)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {response: 300ms}")
        let answer = try RawClient(to: daemon).exchange(Self.post)
        #expect(answer.status == 504)
        #expect(answer["content-type"] == "application/problem+json")
        #expect(try daemon.waitForLine { $0.number("status") == 504 }["outcome"] == "upstream_timeout")
        #expect(upstream.requests.count == 1)
    }

    @Test("an upstream that doesn't take the connection is a 504")
    func connectDeadline() throws {
        let full = try FullBacklog()
        let daemon = try Daemon(upstream: "http://127.0.0.1:\(full.port)", settings: "timeouts: {connect: 300ms}")
        let answer = try RawClient(to: daemon).exchange(Self.get)
        #expect(answer.status == 504)
        #expect(try daemon.waitForLine { $0.number("status") == 504 }["outcome"] == "upstream_timeout")
    }
}
