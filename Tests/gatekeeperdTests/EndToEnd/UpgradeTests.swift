import Testing

@Suite("WebSocket: the handshake on both sides and the tunnel behind it; every other upgrade is an offer")
struct UpgradeTests {
    /// Key and answer of RFC 6455 §1.3.
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    private static let handshake = request()
    private static let switching =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n"
        + "Sec-WebSocket-Protocol: actioncable-v1-json\r\n\r\n"

    private static func request(
        method: String = "GET", protocols: String = "websocket", version: String = "13", keys: [String] = [key], more: String = ""
    ) -> String {
        "\(method) /cable HTTP/1.1\r\nHost: tickets\r\nConnection: Upgrade\r\nUpgrade: \(protocols)\r\n"
            + keys.map { "Sec-WebSocket-Key: \($0)\r\n" }.joined() + "Sec-WebSocket-Version: \(version)\r\n"
            + "Sec-WebSocket-Protocol: actioncable-v1-json\r\nOrigin: https://tickets\r\n\(more)\r\n"
    }

    private static let forbidden: [(String, Int)] = [
        (request(method: "POST", more: "Content-Length: 0\r\n"), 400), (request(more: "Content-Length: 5\r\n") + "hello", 400),
        (request(more: "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400), (request(version: "8"), 400),
        (request(more: "Sec-WebSocket-Version: 13\r\n"), 400), (request(keys: []), 400), (request(keys: [key, key]), 400),
        (request(keys: ["short"]), 400), (request(keys: ["dGhlIHNhbXBsZSBub25jZQ=A"]), 400),
        (request(keys: ["dGhl HNhbXBsZSBub25jZQ=="]), 400),
    ]

    /// Switches, says hello in the same segment, then gives back what it gets until the end, and says bye.
    private static let echoes = UpstreamScript { connection in
        guard let head = try connection.head() else { return }
        connection.keepWithoutBody(head)
        try connection.send(switching + "hello")
        while case .bytes(let bytes) = connection.receive() { try connection.send(bytes) }
        try connection.send("bye")
    }

    private func open(_ daemon: Daemon) throws -> RawClient {
        let client = try RawClient(to: daemon)
        let answer = try client.exchange(Self.handshake)
        #expect(answer.status == 101)
        return client
    }

    @Test("bytes pass both ways, an end is passed on and leaves the other way open, and one line says how much it was")
    func tunnel() throws {
        let upstream = try ScriptedUpstream(Self.echoes)
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        let client = try RawClient(to: daemon)
        let answer = try client.exchange(Self.handshake)
        #expect(answer.status == 101)
        #expect(answer["upgrade"] == "websocket" && answer["connection"] == "Upgrade")
        #expect(answer["sec-websocket-accept"] == Self.accept)
        #expect(answer["sec-websocket-protocol"] == "actioncable-v1-json")
        var got: [UInt8] = []
        while got.count < 5, case .bytes(let bytes) = client.receive() { got += bytes }
        #expect(String(decoding: got, as: UTF8.self) == "hello")
        // Together more than any buffer on the way holds.
        for round in 1...16 {
            let piece = [UInt8](repeating: UInt8(round), count: 64 << 10)
            try client.send(piece)
            got = []
            while got.count < piece.count, case .bytes(let bytes) = client.receive() { got += bytes }
            #expect(got == piece)
        }
        client.finishSending()
        let (rest, ending) = client.receiveToEnd()
        #expect(String(decoding: rest, as: UTF8.self) == "bye")
        #expect(ending == .closeNotify)
        let line = try daemon.waitForLine(event: "request")
        #expect(line.number("status") == 101)
        #expect(line["outcome"] == "completed" && line["path"] == "/cable")
        #expect(line.number("bytes_in") ?? 0 > 1 << 20 && line.number("bytes_out") ?? 0 > 1 << 20)
        let head = try #require(upstream.requests.first)
        #expect(head["upgrade"] == "websocket" && head["connection"] == "Upgrade" && head["sec-websocket-key"] == Self.key)
        #expect(head["origin"] == "https://tickets" && head["x-forwarded-for"] == "127.0.0.2")
    }

    @Test("the upstream's end reaches the client, whose last words still arrive")
    func upstreamEndsFirst() throws {
        let heard = Awaited<String>()
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                guard try connection.head() != nil else { return }
                try connection.send(Self.switching + "close")
                connection.socket.finishSending()
                var bytes: [UInt8] = []
                while case .bytes(let more) = connection.receive() { bytes += more }
                heard.resolve(String(decoding: bytes, as: UTF8.self))
            })
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        let client = try open(daemon)
        #expect(client.receiveToEnd().ending == .closeNotify)
        try client.send("close, too")
        client.finishSending()
        #expect(heard.wait(seconds: 30) == "close, too")
        #expect(try daemon.waitForLine(event: "request")["outcome"] == "completed")
    }

    @Test("a client that vanishes ends the upstream's connection", arguments: [false, true])
    func clientVanishes(byReset: Bool) throws {
        let upstream = try ScriptedUpstream(Self.echoes)
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        let client = try open(daemon)
        if byReset { client.reset() } else { client.close() }
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        #expect(try daemon.waitForLine(event: "request")["outcome"] == "client_gone")
    }

    @Test("an upstream that breaks off is not an orderly end")
    func upstreamBreaks() throws {
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                guard try connection.head() != nil else { return }
                try connection.send(Self.switching)
                _ = connection.receive()
                connection.reset()
            })
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        let client = try open(daemon)
        try client.send("x")
        let ending = client.receiveToEnd().ending
        #expect(ending == .reset || ending == .fin)
        #expect(try daemon.waitForLine(event: "request")["outcome"] == "upstream_failed")
    }

    @Test("a tunnel in which nothing moves ends, one in which something does goes on")
    func idle() throws {
        let upstream = try ScriptedUpstream(Self.echoes)
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true\ntimeouts: {tunnel: 2s}")
        let client = try open(daemon)
        let begin = ContinuousClock.now
        // The echo of each keeps it open for longer than the timeout alone would.
        var got = 0
        while ContinuousClock.now - begin < .seconds(4) {
            try client.send("x")
            if case .bytes(let bytes) = client.receive() { got += bytes.count }
            _ = Awaited<Bool>().wait(seconds: 0.1)
        }
        #expect(got > 2)
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(try daemon.waitForLine(event: "request")["reason"] == "tunnel_idle")
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
    }

    @Test("an answer other than 101 is an answer, and the connection goes on with HTTP")
    func declined() throws {
        let upstream = try ScriptedUpstream(.each { request, connection in try connection.respond("404 Not Found", body: request.target) })
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        let client = try RawClient(to: daemon)
        // What follows at once, as if the tunnel were there, is a request and judged as one.
        try client.send(Self.handshake + "GET /after HTTP/1.1\r\nHost: tickets\r\n\r\n")
        #expect(try client.response().text == "/cable")
        #expect(try client.response().text == "/after")
        #expect(upstream.requests.allSatisfy { $0["x-forwarded-for"] == "127.0.0.2" })
    }

    @Test(
        "a 101 that isn't the answer to what was asked becomes a 502",
        arguments: [
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\n",
            "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n",
            "Upgrade: websocket\r\nSec-WebSocket-Accept: \(accept)\r\n",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\nSec-WebSocket-Accept: \(accept)\r\n",
        ])
    func wrongAnswer(fields: String) throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\n"))
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.handshake).status == 502)
        #expect(try daemon.waitForLine(event: "request")["reason"] == "upgrade_unasked")
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
    }

    @Test("a 101 that nobody asked for becomes a 502")
    func unasked() throws {
        let upstream = try ScriptedUpstream(.answers(Self.switching))
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        #expect(try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\nHost: tickets\r\n\r\n").status == 502)
    }

    @Test("an offer that isn't taken ends here with all that belongs to it, and the request is served", arguments: [false, true])
    func offers(webSocket: Bool) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: \(webSocket)")
        let client = try RawClient(to: daemon)
        let settings = "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
        let head = "Host: tickets\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        var requests = [
            "GET / HTTP/1.1\r\n\(head)Upgrade: h2c\r\n\(settings)\r\n",
            "POST / HTTP/1.1\r\n\(head)Upgrade: h2c\r\n\(settings)Content-Length: 5\r\n\r\nhello",
            "PUT / HTTP/1.1\r\n\(head)Upgrade: TLS/1.2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: tickets\r\nConnection: keep-alive, Upgrade\r\nUpgrade: IRC/6.9, RTA/x11\r\n\r\n",
            "GET / HTTP/1.1\r\n\(head)Upgrade: h2c\r\nUpgrade: websocket\r\n\r\n", Self.request(protocols: "websocket, h2c"),
            Self.request(protocols: "h2c,websocket"),
        ]
        if !webSocket { requests.append(Self.request()) }
        for request in requests {
            #expect(try client.exchange(request).status == 200, "\(request)")
            let got = try #require(upstream.requests.last)
            // Behind a body it may say that nothing follows.
            #expect(got.values("connection").allSatisfy { $0 == "close" })
            for name in ["upgrade", "http2-settings", "sec-websocket-key", "sec-websocket-version"] {
                #expect(got.values(name).isEmpty, "\(name) in \(request)")
            }
            #expect(got.bodyCount == (request.contains("hello") ? 5 : 0))
        }
        #expect(upstream.requests.count == requests.count)
    }

    @Test(
        "with websocket: true broken handshakes are refused",
        arguments: forbidden)
    func refused(request: String, status: Int) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(request).status == status)
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(upstream.requests.isEmpty)
    }

    @Test("a drain ends a tunnel that doesn't end by itself")
    func drained() throws {
        let upstream = try ScriptedUpstream(Self.echoes)
        let daemon = try Daemon(upstream: upstream.url, settings: "websocket: true\ntimeouts: {drain: 300ms}")
        let client = try open(daemon)
        #expect(try daemon.terminate() == .exited(0))
        _ = client.receiveToEnd()
        #expect(daemon.lines("request").first?["outcome"] == "aborted")
    }
}
