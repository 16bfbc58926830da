import Foundation
import Testing

@Suite("Bodies without a length for a ticket system that needs one")
struct BufferingTests {
    private static func chunked(_ body: String, fields: String = "") -> String {
        "POST /ticket HTTP/1.1\r\nHost: tickets\r\nTransfer-Encoding: chunked\r\n\(fields)\r\n"
            + "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\nX-End: yes\r\n\r\n"
    }

    @Test("collected, a chunked ticket arrives with its length at an upstream that ignores chunks", arguments: ["auto", "1KiB"])
    func ignoresChunked(setting: String) throws {
        let upstream = try ScriptedUpstream(.ignoresChunked)
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "request_buffering: \(setting)", settings: "")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.chunked("printer on fire")).text == "read 15")
        let request = try #require(upstream.requests.first)
        #expect(request.text == "printer on fire")
        #expect(request.values("transfer-encoding").isEmpty && request.values("trailer").isEmpty)
        #expect(try daemon.waitForLine(event: "request")["outcome"] == "completed")
    }

    @Test("with nothing set, a ticket system that knows no chunks gets each ticket with its length, as osTicket must")
    func nothingSet() throws {
        let door = try Door(.ignoresChunked)
        for size in [1, 16 << 10, 20 << 10, 200 << 10] {
            let client = try RawClient(to: door.daemon)
            #expect(try client.exchange(Self.chunked(String(repeating: "x", count: size))).text == "read \(size)")
        }
    }

    @Test("a real tracker that never answers a chunked ticket files one, with nothing set")
    func roundup() throws {
        let roundup = try Roundup()
        let ticket = ["-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked", "-d", #"{"title": "chunked"}"#]
        #expect(try roundup.curl("issue", ticket).status == 201)
        #expect(try roundup.curl("issue/1").text.contains("chunked"))
    }

    @Test("switched off, the body streams, chunks and all, before it is whole")
    func off() throws {
        let door = try Door(.echo, upstreamSettings: "request_buffering: off")
        #expect(try door.client.exchange(Self.chunked("ticket")).json["trailers"] == JSONValue(parsing: Array(#"[["X-End", "yes"]]"#.utf8)))
        #expect(door.upstream.requests.first?["transfer-encoding"] == "chunked")
    }

    @Test("a body larger than memory allows goes by way of a file, arrives byte for byte, and leaves memory alone")
    func large() throws {
        let bodyBytes = 64 << 20
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                guard let head = try connection.head() else { return }
                let digest = Digest()
                let request = try connection.body(of: head) { digest.update($0) }
                try connection.respond(body: "\(head["content-length"] ?? "none") \(request.bodyCount) \(digest.finish())")
            })
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "request_buffering: 100MiB", settings: "limits: {request_body: 100MiB}")
        let folder = try TemporaryFolder()
        let file = try folder.writeRandom(bodyBytes, to: "large")
        let expected = Digest.hex(of: Array(try Data(contentsOf: URL(fileURLWithPath: file))))
        let run = try Curl(["-T", "-", "-X", "POST", daemon.url + "/upload"], input: file)
        #expect(run.text == "\(bodyBytes) \(bodyBytes) \(expected)", "\(run.errors)")
        #expect(try daemon.facts.residentBytesPeak < 64 << 20)
    }

    @Test("auto collects 8 MiB and streams what is longer, byte for byte", arguments: [8 << 20, 8 << 20 + 1, 20 << 20])
    func auto(bodyBytes: Int) throws {
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                guard let head = try connection.head() else { return }
                let digest = Digest()
                let request = try connection.body(of: head) { digest.update($0) }
                let framing = head["content-length"] ?? head["transfer-encoding"] ?? "none"
                try connection.respond(body: "\(framing) \(request.bodyCount) \(digest.finish())")
            })
        let daemon = try Daemon(upstream: upstream.url)
        let folder = try TemporaryFolder()
        let file = try folder.writeRandom(bodyBytes, to: "large")
        let expected = Digest.hex(of: Array(try Data(contentsOf: URL(fileURLWithPath: file))))
        let run = try Curl(["-T", "-", "-X", "POST", daemon.url + "/upload"], input: file)
        #expect(run.text == "\(bodyBytes > 8 << 20 ? "chunked" : "\(bodyBytes)") \(bodyBytes) \(expected)", "\(run.errors)")
        #expect(try daemon.facts.residentBytesPeak < 64 << 20)
    }

    @Test("a body beyond the size is refused while it comes", arguments: ["4B", "auto"])
    func tooLarge(setting: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "request_buffering: \(setting)", settings: "limits: {request_body: 10B}")
        let client = try RawClient(to: daemon)
        try client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n7\r\n")
        #expect(try client.response().status == 413)
        #expect(try daemon.waitForLine(event: "refused")["reason"] == "body_too_large")
        #expect(upstream.connectionCount == 0)
    }

    @Test("a client that waits for 100 is told to go on at once")
    func expectation() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "request_buffering: auto", settings: "timeouts: {expect: 1h}")
        let client = try RawClient(to: daemon)
        try client.send("POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try client.response().status == 100)
        try client.send("2\r\nok\r\n0\r\n\r\n")
        #expect(try client.response().json["body_bytes"]?.number == 2)
        #expect(upstream.requests.first?.values("expect") == [])
    }

    @Test("a client that stops sending, or goes, costs the upstream nothing", arguments: [false, true])
    func broken(goes: Bool) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, upstreamSettings: "request_buffering: auto",
            settings: "timeouts: {body: \(goes ? "60s" : "300ms")}")
        let client = try RawClient(to: daemon)
        try client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfo")
        // FIN without close_notify; closing could be a reset that overtakes the request.
        if goes { client.socket.finishSending() } else { #expect(try client.response().status == 408) }
        #expect(try daemon.waitForLine(event: "request")["outcome"] == (goes ? "client_gone" : "client_timeout"))
        #expect(upstream.connectionCount == 0)
    }

    private static let get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n"

    @Test("an upstream known to speak HTTP/1.0 is never sent chunks: 411 for a body that is too long, or isn't, to be collected")
    func http10() throws {
        let upstream = try ScriptedUpstream(.http10)
        for (setting, status) in [("off", 411), ("auto", 200)] {
            let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "request_buffering: \(setting)", settings: "workers: 1")
            for _ in 1...3 { #expect(try RawClient(to: daemon).exchange(Self.get).text == "GET with 0 bytes") }
            #expect(try RawClient(to: daemon).exchange(Self.chunked("ticket")).status == status)
            guard setting == "auto" else { continue }
            let long = try RawClient(to: daemon)
            _ = long.trySending(Array(Self.chunked(String(repeating: "x", count: 8 << 20 + 1)).utf8))
            #expect(try long.response().status == 411)
        }
        #expect(upstream.requests.map(\.bodyCount) == [0, 0, 0, 0, 0, 0, 6])
    }

    @Test("pages that say HTTP/1.0, as PHP lets them, take chunked uploads from nobody")
    func oddVersion() throws {
        let upstream = try ScriptedUpstream(
            .each { request, connection in
                if request.target == "/odd" {
                    try connection.send("HTTP/1.0 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                } else {
                    try connection.respond(body: "got \(request.bodyCount)")
                }
            })
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "request_buffering: off", settings: "workers: 1")
        #expect(try RawClient(to: daemon).exchange(Self.get).text == "got 0")
        for _ in 1...5 {
            #expect(try RawClient(to: daemon).exchange("GET /odd HTTP/1.1\r\nHost: t\r\n\r\n").status == 404)
            #expect(try RawClient(to: daemon).exchange(Self.chunked("ticket")).text == "got 6")
        }
        for _ in 1...5 { #expect(try RawClient(to: daemon).exchange("GET /odd HTTP/1.1\r\nHost: t\r\n\r\n").status == 404) }
        #expect(try RawClient(to: daemon).exchange(Self.chunked("ticket")).text == "got 6")
    }

    @Test("what host says is sent, and the client's Host still told", arguments: ["tickets.internal", "tickets.internal:8080"])
    func host(name: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "host: \(name)", settings: "")
        _ = try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\nHost: public\r\n\r\n")
        let request = try #require(upstream.requests.first)
        #expect(request["host"] == name && request["x-forwarded-host"] == "public")
    }
}
