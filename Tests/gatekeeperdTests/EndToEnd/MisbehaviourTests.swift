import Foundation
import Testing

/// What a ticket system, or somebody who speaks through it, can do to the answers of others: nothing.
@Suite("An upstream that misbehaves spoils one answer, and nobody's next")
struct MisbehaviourTests {
    private static let get = "GET /first HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let next = "GET /next HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let planted = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nplanted"

    /// The first connection answers once, with exactly these bytes, and stays; every other one says which it is.
    private static func once(_ bytes: String) -> UpstreamScript {
        .each { _, connection in
            if connection.number == 1 {
                try connection.send(bytes)
            } else {
                try connection.respond(body: "connection \(connection.number)")
            }
        }
    }

    /// On the client's connection, which goes on: what comes next has nothing to do with what was before.
    private func expectFreshAnswer(_ door: Door) throws {
        let answer = try door.client.exchange(Self.next)
        #expect(answer.status == 200)
        #expect(answer.text == "connection 2")
        #expect(door.upstream.requests.map(\.target) == ["/first", "/next"])
    }

    // MARK: Heads

    private static let ambiguous: [(response: String, reason: String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "content_length_with_transfer_encoding"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "content_length_malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "content_length_repeated"),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "content_length_malformed"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", "content_length_overflow"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "transfer_encoding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "transfer_coding_unknown"),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "transfer_encoding_in_http_1_0"),
        ("HTTP/1.1 200 OK\r\nA: b\nSet-Cookie: c\r\nContent-Length: 0\r\n\r\n", "bare_lf"),
        ("HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: c\r\nContent-Length: 0\r\n\r\n", "bare_cr"),
        ("HTTP/1.1 200 OK\r\nA: b\u{0}\r\nContent-Length: 0\r\n\r\n", "nul"),
        ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n", "obs_fold"),
        ("HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n", "header_space_before_colon"),
        ("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "status_line"),
        ("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "status_line"),
        ("HTTP/1.1 600 Beyond\r\nContent-Length: 0\r\n\r\n", "status_code"),
        ("HTTP/1.1 200 OK\r\nA: \(String(repeating: "a", count: 40_000))\r\n\r\n", "head_too_large"),
        ("HTTP/1.1 200 OK\r\n\(String(repeating: "A: b\r\n", count: 250))\r\n", "fields_too_many"),
        ("HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\nplanted\(planted)", "status_line"),
    ]

    @Test("an answer that can be read in two ways is a 502, and its connection isn't used again", arguments: ambiguous)
    func refused(response: String, reason: String) throws {
        let door = try Door(Self.once(response + Self.planted))
        #expect(try door.client.exchange(Self.get).status == 502)
        #expect(try door.daemon.waitForLine(event: "request")["reason"] == reason)
        try expectFreshAnswer(door)
    }

    @Test("sixteen interim responses pass, and one more is one too many", arguments: [(16, 200), (17, 502)])
    func interimFlood(count: Int, status: Int) throws {
        let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        let door = try Door(
            Self.once(String(repeating: hint, count: count) + "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"))
        try door.client.send(Self.get)
        for _ in 1...16 { #expect(try door.client.response().status == 103) }
        #expect(try door.client.response().status == status)
        let line = try door.daemon.waitForLine(event: "request")
        #expect(line["reason"] == (status == 502 ? "interim_responses" : nil))
        try expectFreshAnswer(door)
    }

    // MARK: Bodies

    @Test("what can be left out of a download without a doubt doesn't cut it")
    func leftOut() throws {
        let door = try Door(
            .answers(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0 \r\nSet-Cookie: a=b\r\nX-A: 1\r\nX-B: 2\r\n and 3\r\n"
                    + "Content-Length: 7\r\nX-C: 4\r\n\r\n"))
        for _ in 1...2 {
            let answer = try door.client.exchange(Self.get)
            #expect(answer.text == "hello")
            #expect(answer.trailers.map(\.name) == ["X-A", "X-C"])
        }
        // In a request the same ends the connection.
        let trailer = "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nSet-Cookie: a=b\r\n\r\n"
        #expect(try door.client.exchange(trailer).status == 400)
    }

    /// Pauses after the head and part of the body, until the proxy closes or the test lets it go on.
    private static func pauses(_ mayGoOn: Awaited<Bool>) -> UpstreamScript {
        .each { _, connection in
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
            _ = mayGoOn.wait(seconds: 60)
            try connection.send("2\r\ncd\r\n0\r\n\r\n")
        }
    }

    @Test(
        "an answer that pauses is cut by timeouts.stream, or by timeouts.body where that alone is written",
        arguments: ["{stream: 300ms, body: 60s}", "{body: 300ms, response: 60s}", "{stream: 300ms, response: 60s}"])
    func pausedAnswer(timeouts: String) throws {
        let mayGoOn = Awaited<Bool>()
        let upstream = try ScriptedUpstream(Self.pauses(mayGoOn))
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: \(timeouts)")
        let client = try RawClient(to: daemon)
        try client.send(Self.get)
        let (bytes, ending) = client.receiveToEnd()
        #expect(!String(decoding: bytes, as: UTF8.self).hasSuffix("\r\n0\r\n\r\n") && ending != .closeNotify)
        let line = try daemon.waitForLine(event: "request")
        #expect(line["outcome"] == "upstream_timeout" && line["reason"] == "stream_timeout" && line.number("status") == 200)
        mayGoOn.resolve(true)
    }

    @Test(
        "timeouts.response doesn't cut an answer that has begun",
        arguments: ["{response: 2s}", "{body: 2s, response: 2s, stream: 60s}"])
    func pauseAllowed(timeouts: String) throws {
        let mayGoOn = Awaited<Bool>()
        let upstream = try ScriptedUpstream(Self.pauses(mayGoOn))
        let daemon = try Daemon(upstream: upstream.url, settings: "timeouts: \(timeouts)")
        let client = try RawClient(to: daemon, timeoutSeconds: 4)
        try client.send(Self.get)
        var got: [UInt8] = []
        // Until twice as long has passed without a byte.
        while case .bytes(let bytes) = client.receive() { got += bytes }
        #expect(String(decoding: got, as: UTF8.self).hasSuffix("2\r\nab\r\n"))
        mayGoOn.resolve(true)
        func isWhole() -> Bool { String(decoding: got, as: UTF8.self).hasSuffix("\r\n0\r\n\r\n") }
        while !isWhole(), case .bytes(let bytes) = client.receive() { got += bytes }
        #expect(isWhole())
        #expect(try daemon.waitForLine(event: "request")["outcome"] == "completed")
    }

    @Test("an upstream that takes nothing of a body is told apart from one that doesn't answer")
    func stalledUpload() throws {
        let upstream = try ScriptedUpstream(.neverReads)
        let daemon = try Daemon(
            upstream: upstream.url, settings: "timeouts: {body: 3s, response: 60s}\nlimits: {request_body: 256MiB}")
        let client = try RawClient(to: daemon)
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: \(200 * piece.count)\r\n\r\n")
        for _ in 0..<200 { if client.trySending(piece) != nil { break } }
        #expect(try daemon.waitForLine(event: "request")["reason"] == "upload_timeout")
        #expect(daemon.lines("request").first?["outcome"] == "upstream_timeout")
    }

    private static let cut: [(rest: String, isReset: Bool, reason: String)] = [
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", false, "truncated"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r", false, "truncated"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n", false, "truncated"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5 5\r\nworld\r\n0\r\n\r\n", false, "chunk_size"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\n\n", false, "bare_lf"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 5\n\r\n", false, "bare_lf"),
        ("Content-Length: 6\r\n\r\nhello", true, "truncated"),
        ("\r\nhello", true, "truncated"),
    ]

    @Test("a body that doesn't come to its end never looks as if it had", arguments: cut, ["1.0", "1.1"])
    func cutBody(body: (rest: String, isReset: Bool, reason: String), version: String) throws {
        let mayEnd = Awaited<Bool>()
        let door = try Door(
            UpstreamScript { connection in
                guard try connection.request() != nil else { return }
                try connection.send("HTTP/1.1 200 OK\r\n" + body.rest)
                _ = mayEnd.wait(seconds: 60)
                if body.isReset { connection.reset() }
            })
        try door.client.send("GET /first HTTP/\(version)\r\nHost: tickets\r\n\r\n")
        // Whether its beginning was passed on before the end is known makes no difference.
        guard case .bytes(let begun) = door.client.receive() else { throw Failure("no beginning") }
        mayEnd.resolve(true)
        let (more, ending) = door.client.receiveToEnd()
        #expect(ending == .reset || ending == .fin)
        #expect(!String(decoding: begun + more, as: UTF8.self).hasSuffix("\r\n0\r\n\r\n"))
        let line = try door.daemon.waitForLine(event: "request")
        #expect(line["outcome"] == "upstream_failed")
        #expect(line["reason"] == body.reason)
    }
}
