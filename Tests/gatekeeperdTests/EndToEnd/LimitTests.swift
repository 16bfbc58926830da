import Foundation
import Testing

@Suite("Every limit holds, and says so")
struct LimitTests {
    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    private static let refusals: [(setting: String, request: String, status: Int, reason: String)] = [
        ("head: 1KiB", "GET / HTTP/1.1\r\nHost: t\r\nA: \(String(repeating: "a", count: 2000))\r\n\r\n", 431, "head_too_large"),
        ("fields: 10", "GET / HTTP/1.1\r\nHost: t\r\n\(String(repeating: "A: 1\r\n", count: 10))\r\n", 431, "fields_too_many"),
        ("target: 256B", "GET /\(String(repeating: "a", count: 256)) HTTP/1.1\r\nHost: t\r\n\r\n", 414, "target_too_long"),
        ("target: 256B", "GET /\(String(repeating: "a", count: 4096))", 414, "request_line_too_long"),
        ("request_body: 10B", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 11\r\n\r\n", 413, "body_too_large"),
        (
            "request_body: 10B", "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsixsix\r\n5\r\n", 413,
            "body_too_large"
        ),
        (
            "chunk_header: 32B",
            "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\(String(repeating: "a", count: 40))\r\n", 400,
            "chunk_header_too_long"
        ),
        (
            "trailer: 256B",
            "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: \(String(repeating: "a", count: 300))\r\n", 431,
            "trailer_too_large"
        ),
    ]

    @Test("what is beyond a limit is refused as soon as that shows, with the status and the word for it", arguments: refusals)
    func refused(setting: String, request: String, status: Int, reason: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "limits: {\(setting)}")
        let client = try RawClient(to: daemon)
        try client.send(request)
        #expect(try client.response().status == status)
        #expect(try daemon.waitForLine(event: "refused")["reason"] == reason)
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(upstream.requests.isEmpty)
    }

    @Test("a body that is refused while it comes is read for a moment, so that the client sees the answer and not a reset")
    func answerBeforeReset() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "limits: {request_body: 1KiB}")
        let folder = try TemporaryFolder()
        let file = try folder.writeRandom(512 << 10, to: "body")
        for framing in [["-H", "Expect:"], ["-H", "Expect:", "-H", "Transfer-Encoding: chunked"]] {
            let run = try Curl(framing + ["--data-binary", "@\(file)", daemon.url + "/"])
            #expect(run.status == 413, "\(run.errors)")
        }
    }

    @Test("a connection ends with the answer to its last request")
    func requestsPerConnection() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "limits: {requests_per_connection: 3}")
        let client = try RawClient(to: daemon)
        for number in 1...3 {
            let answer = try client.exchange(Self.get)
            #expect(answer.status == 200)
            #expect(answer["connection"] == (number == 3 ? "close" : nil))
        }
        #expect(client.receiveToEnd().ending == .closeNotify)
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 200)
    }

    @Test("a client that never waits for an answer gets so many, and is told that no more come")
    func pipelinedRequests() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "limits: {pipelined_requests: 3}")
        let client = try RawClient(to: daemon)
        try client.send(String(repeating: Self.get, count: 10))
        var answers: [RawMessage] = []
        while let answer = try? client.response() { answers.append(answer) }
        #expect(answers.map(\.status) == [200, 200, 200, 200])
        #expect(answers.map { $0["connection"] } == [nil, nil, nil, "close"])
        #expect(upstream.requests.count == 4)

        // Who waits may ask as often as it likes.
        let patient = try RawClient(to: daemon)
        for _ in 1...10 { #expect(try patient.exchange(Self.get)["connection"] == nil) }
    }

    @Test("connections in all are bounded, whoever they come from")
    func connections() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "limits: {connections: 2}")
        let clients = try ["127.0.0.2", "127.0.0.3"].map { try RawClient(to: daemon, from: $0) }
        #expect(try RawClient(to: daemon, from: "127.0.0.3", security: .plain).receive() == .ended(.reset))
        #expect(try daemon.waitForLine(event: "denied").reason == "connections")
        for client in clients { #expect(try client.exchange(Self.get).status == 200) }
    }

    // MARK: Deadlines

    @Test("a head that drips is cut off in all, not from byte to byte")
    func drippingHead() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {head: 500ms}")
        let began = Date()
        let client = try RawClient(to: daemon)
        // Each byte comes well before half a second has passed since the last one.
        #expect(try drip("GET / HTTP/1.1\r\nHost: t\r\nA: ", into: client).status == 408)
        #expect(Date().timeIntervalSince(began) > 0.45)
        #expect(try daemon.waitForLine(event: "refused")["reason"] == "head_timeout")
    }

    @Test("a body that drips below the rate is cut off, one that keeps it isn't", arguments: [true, false])
    func drippingBody(isSlow: Bool) throws {
        let upstream = try ScriptedUpstream(.echo)
        let rate = isSlow ? "1KiB" : "0B"
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {body: 2s}\nlimits: {body_rate: \(rate)}")
        let began = Date()
        let client = try RawClient(to: daemon)
        try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: \(isSlow ? 1_000 : 10)\r\n\r\n")
        if isSlow {
            #expect(try drip("", into: client).status == 408)
            #expect(Date().timeIntervalSince(began) > 1.9)
            #expect(try daemon.waitForLine(event: "request")["reason"] == "client_too_slow")
        } else {
            // Each byte is progress enough, over more than two of the deadlines in all.
            for _ in 1...10 {
                client.socket.setTimeout(milliseconds: 450)
                #expect(client.receive() == .ended(.timedOut))
                try client.send("x")
            }
            client.socket.setTimeout(milliseconds: 30_000)
            #expect(try client.response().json["body_bytes"]?.number == 10)
        }
    }

    /// Sends `text`, then a byte about ten times a second until an answer comes.
    private func drip(_ text: String, into client: RawClient) throws -> RawMessage {
        try client.send(text)
        client.socket.setTimeout(milliseconds: 100)
        for _ in 1...1000 {
            // What has been cut off may take no more.
            _ = client.trySending(Array("x".utf8))
            if let answer = try? client.response() { return answer }
        }
        throw Failure("never answered")
    }

    @Test("a client that takes its answer a few bytes at a time is cut off")
    func slowReader() throws {
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                let piece = [UInt8](repeating: 0x61, count: 1 << 20)
                while true { try connection.send(piece) }
            })
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: {body: 500ms}\nlimits: {body_rate: 1MiB}")
        let client = try RawClient(to: daemon, receiveBufferBytes: 4096)
        try client.send(Self.get)
        // Reads a little now and then: progress, but not a megabyte a second.
        client.socket.setTimeout(milliseconds: 50)
        let deadline = Date(timeIntervalSinceNow: 20)
        var isCut = false
        while !isCut, Date() < deadline {
            isCut = daemon.lines("request").contains { $0["reason"] == "client_too_slow" }
            if case .ended(let ending) = client.receive(max: 512), ending != .timedOut { break }
            _ = daemon.log.first(seconds: 0.05) { $0.event == "request" }
        }
        #expect(try daemon.waitForLine(event: "request")["reason"] == "client_too_slow")
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
    }
}
