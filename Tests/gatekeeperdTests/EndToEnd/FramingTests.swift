import Foundation
import Testing

/// Every way in which a body's end can be told, on both sides, over one door.
@Suite("Framing, both ways")
struct FramingTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: tickets\r\n\r\n"

    // MARK: Requests

    @Test("a body with a length arrives with that length")
    func requestLength() throws {
        let door = try Door(.echo)
        let body = String(repeating: "0123456789", count: 20_000)
        let answer = try door.client.exchange("POST /b HTTP/1.1\r\nHost: tickets\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
        #expect(try answer.json["body_sha256"]?.string == Digest.hex(of: Array(body.utf8)))
        #expect(door.upstream.requests[0]["content-length"] == "\(body.utf8.count)")
        #expect(door.upstream.requests[0].values("transfer-encoding").isEmpty)
    }

    private static let streaming = "request_buffering: off"

    @Test("a chunked body that is streamed arrives chunked, trailers and all, and what was in its extensions doesn't")
    func requestChunked() throws {
        let door = try Door(.echo, upstreamSettings: Self.streaming)
        let answer = try door.client.exchange(
            "POST /c HTTP/1.1\r\nHost: tickets\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                + "5;note=extension\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Sum: 42\r\n\r\n")
        #expect(try answer.json["body_bytes"]?.number == 11)
        let request = door.upstream.requests[0]
        #expect(request.text == "hello world")
        #expect(request["transfer-encoding"] == "chunked")
        #expect(request.values("content-length").isEmpty)
        #expect(request.trailers == [RawMessage.Field(name: "X-Sum", value: "42")])
    }

    @Test("an empty chunked body is empty, and the connection goes on", arguments: [streaming, "request_buffering: auto"])
    func requestChunkedEmpty(setting: String) throws {
        let door = try Door(.echo, upstreamSettings: setting)
        let request = "POST /c HTTP/1.1\r\nHost: tickets\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        for _ in 1...3 { #expect(try door.client.exchange(request).json["body_bytes"]?.number == 0) }
        #expect(door.upstream.requests.count == 3)
    }

    @Test("a request torn at every byte is the same request")
    func requestTorn() throws {
        let door = try Door(.echo, upstreamSettings: Self.streaming)
        for byte in "POST /torn HTTP/1.1\r\nHost: tickets\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n".utf8 {
            try door.client.send([byte])
        }
        #expect(try door.client.response().status == 200)
        #expect(door.upstream.requests[0].text == "abc")
        #expect(door.upstream.requests[0].trailers.count == 1)
        #expect(try door.client.exchange(Self.get).status == 200)
    }

    @Test("pipelined requests are answered in their order")
    func pipelining() throws {
        let door = try Door(.echo)
        let requests = (1...8).map { number in
            number % 2 == 0
                ? "GET /\(number) HTTP/1.1\r\nHost: tickets\r\n\r\n"
                : "POST /\(number) HTTP/1.1\r\nHost: tickets\r\nContent-Length: 4\r\n\r\nbody"
        }
        try door.client.send(requests.joined())
        for number in 1...8 { #expect(try door.client.response().json["target"]?.string == "/\(number)") }
        #expect(door.upstream.requests.map(\.target) == (1...8).map { "/\($0)" })
    }

    @Test("an HTTP/1.0 client is answered and its connection closed")
    func client10() throws {
        let door = try Door(.echo)
        let answer = try door.client.exchange("GET /old HTTP/1.0\r\nHost: tickets\r\n\r\n")
        #expect(answer.status == 200)
        #expect(try answer.json["target"]?.string == "/old")
        #expect(door.client.receiveToEnd().ending == .closeNotify)
        #expect(door.upstream.requests.count == 1)
    }

    // MARK: Expect

    @Test("the upstream's 100 Continue reaches the client once, before the answer")
    func expectAnswered() throws {
        let door = try Door(.continue100Then200)
        for _ in 1...2 {
            try door.client.send("POST / HTTP/1.1\r\nHost: tickets\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            #expect(try door.client.response().status == 100)
            try door.client.send("hello")
            let answer = try door.client.response()
            #expect(answer.status == 200)
            #expect(answer.text == "got 5")
        }
    }

    @Test("an early answer reaches a client that goes on sending before it looks")
    func earlyAnswer() throws {
        let door = try Door(.earlyAnswer401)
        try door.client.send("POST / HTTP/1.1\r\nHost: tickets\r\nContent-Length: 2000000\r\n\r\n")
        try door.client.send([UInt8](repeating: 7, count: 100_000))
        try door.upstream.waitForRequests(1)
        #expect(door.upstream.waitForOpenConnections(atMost: 0) == 0, "it has answered")
        // It is listened to for two seconds: whoever comes later finds the answer all the same.
        _ = door.client.trySending([UInt8](repeating: 7, count: 500_000))
        try expectDenial(door)
    }

    @Test("a client that waits for a 100 gets an early answer in its place")
    func earlyAnswerExpected() throws {
        let door = try Door(.earlyAnswer401)
        try door.client.send("POST / HTTP/1.1\r\nHost: tickets\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n")
        try expectDenial(door)
    }

    private func expectDenial(_ door: Door) throws {
        let answer = try door.client.response()
        #expect(answer.status == 401)
        #expect(answer.text == "denied")
        #expect(answer["www-authenticate"] == "Basic")
        #expect(answer["connection"] == "close")
        #expect(door.client.receiveToEnd().ending == .closeNotify)
        #expect(door.upstream.requests.count == 1)
    }

    // MARK: Responses

    @Test("chunks torn at every byte arrive whole, with their trailer section")
    func responseChunked() throws {
        let door = try Door(.oneBytePerWrite)
        for _ in 1...3 {
            let answer = try door.client.exchange(Self.get)
            #expect(answer.text == "hello")
            #expect(answer["transfer-encoding"] == "chunked")
            #expect(answer.trailers == [RawMessage.Field(name: "X-End", value: "yes")])
        }
    }

    @Test("a response that ends with its connection is re-framed, and the client's connection goes on")
    func responseCloseDelimited() throws {
        let door = try Door(.closeDelimited)
        for _ in 1...3 {
            let answer = try door.client.exchange(Self.get)
            #expect(answer.text == (1...100).map { "line \($0)\n" }.joined())
            #expect(answer["transfer-encoding"] == "chunked")
        }
        #expect(door.upstream.connectionCount == 3)
    }

    @Test("an HTTP/1.0 upstream serves a client of HTTP/1.1 that keeps its connection")
    func upstream10() throws {
        let door = try Door(.http10)
        for _ in 1...3 {
            let answer = try door.client.exchange("POST / HTTP/1.1\r\nHost: tickets\r\nContent-Length: 4\r\n\r\nbody")
            #expect(answer.status == 200)
            #expect(answer.text == "POST with 4 bytes")
            #expect(answer.startLine.hasPrefix("HTTP/1.1"))
        }
        #expect(door.upstream.connectionCount == 3)
    }

    @Test("interim responses pass before the final one")
    func interim() throws {
        let door = try Door(.earlyHints)
        for _ in 1...2 {
            try door.client.send(Self.get)
            let hints = try door.client.response()
            #expect(hints.status == 103)
            #expect(hints["link"] == "</style.css>; rel=preload")
            let answer = try door.client.response()
            #expect(answer.status == 200)
            #expect(answer.text == "hello")
        }
    }

    @Test(
        "a response that breaks off after its beginning was passed on never looks whole",
        arguments: [
            "Content-Length: 100\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n64\r\npart",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ])
    func truncatedResponse(rest: String) throws {
        let gate = Awaited<Bool>()
        let door = try Door(
            UpstreamScript { connection in
                guard try connection.request() != nil else { return }
                try connection.send("HTTP/1.1 200 OK\r\n" + rest)
                _ = gate.wait(seconds: 60)
            })
        try door.client.send(Self.get)
        guard case .bytes(let begun) = door.client.receive() else { throw Failure("no beginning") }
        gate.resolve(true)
        let (more, ending) = door.client.receiveToEnd()
        let text = String(decoding: begun + more, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(text.contains("hello"))
        #expect(!text.hasSuffix("0\r\n\r\n"))
        #expect(ending == .reset || ending == .fin)
        #expect(try door.daemon.waitForLine(event: "request")["outcome"] == "upstream_failed")
    }

    @Test("a response that breaks off at once is a 502 or cut, never whole")
    func truncatedAtOnce() throws {
        for script in [UpstreamScript.closesAfterHead, .dropsMidBody] {
            let door = try Door(script)
            try door.client.send("GET /a HTTP/1.1\r\nHost: tickets\r\nConnection: close\r\n\r\n")
            let (bytes, ending) = door.client.receiveToEnd()
            let text = String(decoding: bytes, as: UTF8.self)
            if text.hasPrefix("HTTP/1.1 200") {
                #expect(ending == .reset || ending == .fin)
                #expect(!text.hasSuffix("0\r\n\r\n"))
            } else {
                #expect(text.hasPrefix("HTTP/1.1 502") && ending == .closeNotify, "\(text)")
            }
            #expect(try door.daemon.waitForLine(event: "request")["outcome"] == "upstream_failed")
        }
    }

    @Test("an answer that isn't HTTP, or is two answers, becomes a 502")
    func broken() throws {
        for script in [UpstreamScript.garbage, .twoLengths] {
            let door = try Door(script)
            #expect(try door.client.exchange(Self.get).status == 502)
            #expect(try door.daemon.waitForLine { $0.number("status") == 502 }["outcome"] == "upstream_failed")
        }
    }
}
