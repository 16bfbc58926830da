import Testing

@Suite("Requests of one source: so many, then 429 until it has waited")
struct RequestRateTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"
    /// A request comes back after 20 s: long after the test is over.
    private static let limit = "limits: {requests_per_source: 3/m}"

    private func post(_ framing: String, _ body: String = "") -> String { "POST / HTTP/1.1\r\nHost: t\r\n\(framing)\r\n\r\n\(body)" }

    /// A client that has had what its address may have.
    private func exhausted(_ daemon: Daemon) throws -> RawClient {
        let client = try RawClient(to: daemon)
        for _ in 1...3 { #expect(try client.exchange(Self.get).status == 200) }
        return client
    }

    @Test("beyond it the answer says when to come back, the connection stays, other sources notice nothing, and the log names the rule")
    func limited() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit)
        let client = try exhausted(daemon)
        for _ in 1...2 {
            let answer = try client.exchange(Self.get)
            #expect(answer.status == 429)
            #expect(answer["content-type"] == "application/problem+json")
            #expect(answer["connection"] == nil)
            let seconds = try #require(answer["retry-after"].flatMap { Int($0) })
            #expect((1...20).contains(seconds))
            #expect(try answer.json["status"]?.number == 429)
            let line = try daemon.waitForLine { $0["id"] == answer["x-request-id"] }
            #expect(line.event == "refused" && line["outcome"] == "refused" && line.number("status") == 429)
            #expect(line.reason == "requests_per_source" && line["stage"] == "policy" && line.peer == "127.0.0.2")
        }
        // Neither another connection nor another address in a field is another source.
        let again = "GET / HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
        #expect(try RawClient(to: daemon).exchange(again).status == 429)
        let other = try RawClient(to: daemon, from: "127.0.0.3")
        for _ in 1...3 { #expect(try other.exchange(Self.get).status == 200) }
        #expect(try other.exchange(Self.get).status == 429)
        #expect(upstream.requests.count == 6)
    }

    @Test("another rate holds with the next request and knows what was used, and without one everything passes")
    func reload() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit)
        let client = try exhausted(daemon)
        #expect(try client.exchange(Self.get).status == 429)
        try daemon.rewriteConfiguration("3/m", "5/m")
        #expect(try daemon.reload()["changes"] == "limits.requests_per_source: 3/m -> 5/m")
        #expect(try (1...4).map { _ in try client.exchange(Self.get).status } == [200, 200, 429, 429])
        try daemon.rewriteConfiguration("5/m", "off")
        try daemon.reload()
        for _ in 1...10 { #expect(try client.exchange(Self.get).status == 200) }
        // What passed while there was no limit isn't held against anybody.
        try daemon.rewriteConfiguration("off", "6/m")
        try daemon.reload()
        #expect(try client.exchange(Self.get).status == 200)
        #expect(try client.exchange(Self.get).status == 429)
    }

    @Test("workers share the count")
    func workers() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit + "\nworkers: 2")
        // The kernel spreads connections by a hash of their ports: that all of them go to one worker doesn't happen.
        let statuses = try (1...32).map { _ in try RawClient(to: daemon).exchange(Self.get).status }
        #expect(statuses.count { $0 == 200 } == 3)
        #expect(statuses.count { $0 == 429 } == 29)
        #expect(upstream.requests.count == 3)
        #expect(try daemon.terminate() == .exited(0))
        let lines = daemon.lines("request") + daemon.lines("refused")
        #expect(Set(lines.map { $0.number("worker") }) == [0, 1])
    }

    @Test("a body that is here, or short enough to wait for, is read away, and the next request is found behind it")
    func bodies() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit)
        let client = try exhausted(daemon)
        let chunked = post("Transfer-Encoding: chunked", "4\r\nbody\r\n0\r\n\r\n")
        for request in [post("Content-Length: 4", "body"), chunked, post("Content-Length: 0")] {
            let answer = try client.exchange(request)
            #expect(answer.status == 429 && answer["connection"] == nil)
        }
        // In pieces, each a segment of its own.
        try client.send(post("Content-Length: 16384"))
        try client.send([UInt8](repeating: 0x61, count: 16384))
        #expect(try client.response().status == 429)
        #expect(try client.exchange(Self.get).status == 429)
        #expect(upstream.requests.count == 3)
    }

    @Test(
        "a body that is long, or waits to be asked for, isn't waited for: the answer comes first, and ends the connection",
        arguments: ["Content-Length: 16385", "Content-Length: 4\r\nExpect: 100-continue", "Transfer-Encoding: chunked"])
    func bodiesUnread(framing: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit)
        let client = try exhausted(daemon)
        let answer = try client.exchange(post(framing))
        #expect(answer.status == 429 && answer["connection"] == "close")
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(upstream.requests.count == 3)
    }

    @Test("a body that is cut short or malformed behind a 429 is what it would be anywhere")
    func malformed() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit)
        let client = try exhausted(daemon)
        #expect(try client.exchange(post("Transfer-Encoding: chunked", "x\r\n\r\n" + Self.get)).status == 400)
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(try daemon.waitForLine(event: "refused").reason == "chunk_size")
    }

    @Test("what is refused for another reason costs nothing, and is refused for that reason")
    func others() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit + "\nroutes: [/]")
        let outside = "GET /admin HTTP/1.1\r\nHost: t\r\n\r\n"
        for _ in 1...4 { #expect(try RawClient(to: daemon).exchange(outside).status == 403) }
        for _ in 1...4 { #expect(try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\n\r\n").status == 400) }
        let client = try exhausted(daemon)
        #expect(try client.exchange(Self.get).status == 429)
        #expect(try client.exchange(outside).status == 403)
    }

    @Test("a request that the ticket system fails counts, and once, however often it was tried")
    func failures() throws {
        let upstream = try ScriptedUpstream(.closesOnSecondRequest)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit)
        let client = try RawClient(to: daemon)
        // The second and third are sent twice: the connection that was kept closes on them.
        for _ in 1...3 { #expect(try client.exchange(Self.get).status == 200) }
        #expect(upstream.requests.count == 5)
        #expect(try client.exchange(Self.get).status == 429)
    }

    @Test("a WebSocket is one request")
    func webSocket() throws {
        let handshake =
            "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Version: 13\r\n\r\n"
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                guard let head = try connection.head() else { return }
                connection.keepWithoutBody(head)
                try connection.send(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
                while case .bytes(let bytes) = connection.receive() { try connection.send(bytes) }
            })
        let daemon = try Daemon(upstream: upstream.url, settings: Self.limit + "\nwebsocket: true")
        let clients = try (1...3).map { _ in try RawClient(to: daemon) }
        for client in clients { #expect(try client.exchange(handshake).status == 101) }
        #expect(try RawClient(to: daemon).exchange(handshake).status == 429)
        // What passes through one that is open isn't counted.
        for client in clients {
            try client.send("hello")
            #expect(client.receive() == .bytes(Array("hello".utf8)))
        }
    }

    @Test("behind a load balancer the sources are those that it names")
    func behindBalancer() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, listenSettings: "proxy_protocol_from: [127.0.0.4]", settings: Self.limit)
        func status(of source: String) throws -> Int {
            try RawClient(to: daemon, from: "127.0.0.4", preface: ProxyPreface.line(from: source)).exchange(Self.get).status
        }
        for _ in 1...3 { #expect(try status(of: "127.0.0.2") == 200) }
        #expect(try status(of: "127.0.0.2") == 429)
        #expect(try status(of: "127.0.0.3") == 200)
    }
}
