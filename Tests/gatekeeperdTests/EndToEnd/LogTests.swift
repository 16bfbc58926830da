import Foundation
import Testing

@Suite("The log")
struct LogTests {
    @Test("each line is one JSON object with the fields that the contract names")
    func fields() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        let answer = try client.exchange("POST /ticket?key=1 HTTP/1.1\r\nHost: tickets\r\nContent-Length: 5\r\n\r\nhello")
        #expect(try client.exchange("BROKEN\r\n\r\n").status == 400)
        _ = try RawClient(to: daemon, from: "127.0.0.9", security: .plain).receive()
        #expect(try daemon.terminate() == .exited(0))

        for line in daemon.log.all {
            #expect(line.fields != nil, "\(line)")
            #expect(line["time"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(line)")
            #expect(line.event != nil, "\(line)")
        }
        let request = try #require(daemon.lines("request").first)
        #expect(request["method"] == "POST")
        #expect(request["path"] == "/ticket")
        #expect(request["peer"] == "127.0.0.2")
        #expect(request["listener"]?.hasSuffix(":\(daemon.port)") == true)
        #expect(request["upstream"]?.isEmpty == false)
        #expect(request["protocol"] == "HTTP/1.1")
        #expect(request["outcome"] == "completed")
        #expect(request["stage"]?.isEmpty == false)
        #expect(request["id"]?.isEmpty == false)
        #expect(request.number("status") == 200)
        #expect(try #require(request.number("worker")) >= 0)
        #expect(try #require(request.number("bytes_in")) > 5)
        #expect(try #require(request.number("bytes_out")) > answer.bodyCount)
        #expect(request.fields?["duration_ms"]?.number != nil)
        #expect(request.fields?["upstream_ms"]?.number != nil)
        #expect(try #require(daemon.lines("refused").first).number("status") == 400)
        #expect(daemon.lines("denied").count == 1)
        #expect(daemon.log.all.first?.event == "started")
        #expect(daemon.log.all.last?.event == "stopped")
    }

    @Test("a request's line has what it called us and the port it came from, and what log.fields asks for")
    func whoAndWhere() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, settings: "log: {fields: [user_agent, cipher, trace]}")
        let client = try RawClient(to: daemon)
        let port = SocketName(of: client.socket.descriptor).port
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let request = "GET / HTTP/1.1\r\nHost: tickets.example:8443\r\n"
        let fields = "User-Agent: Vendor/1.0 \"x\"\r\nTraceparent: 00-\(trace)-00f067aa0ba902b7-01\r\n\r\n"
        #expect(try client.exchange(request + fields).status == 200)
        let line = try daemon.waitForLine(event: "request")
        #expect(line.number("port") == Int(port))
        #expect(line["host"] == "tickets.example:8443")
        #expect(line["user_agent"] == "Vendor/1.0 \"x\"" && line["trace"] == trace)
        #expect(line["cipher"]?.hasPrefix("TLS_") == true)
        // What isn't one is none, and a request without any has none.
        #expect(try client.exchange(request + "Traceparent: \(trace)\r\nConnection: close\r\n\r\n").status == 200)
        #expect(try daemon.terminate() == .exited(0))
        let bare = try #require(daemon.lines("request").last)
        #expect(bare["trace"] == nil && bare["user_agent"] == nil && bare["cipher"] != nil)
    }

    @Test("lines come in the order of their times, over all workers")
    func order() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 4")
        let clients = try (0..<16).map { _ in try RawClient(to: daemon) }
        for _ in 1...40 {
            for client in clients { try client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n") }
            for client in clients { #expect(try client.response().status == 200) }
        }
        #expect(try daemon.terminate() == .exited(0))
        let lines = daemon.log.all
        #expect(Set(daemon.lines("request").compactMap { $0.number("worker") }).count > 1)
        #expect(daemon.lines("request").count == 640)
        let times = lines.compactMap { $0["time"] }
        #expect(times == times.sorted())
    }

    @Test("nothing secret is ever written")
    func secrets() throws {
        let upstream = try ScriptedUpstream(
            .each { _, connection in
                try connection.respond(fields: ["Set-Cookie: session=SECRET"], body: "SECRET")
            })
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        let fields =
            "Authorization: Bearer SECRET\r\nCookie: session=SECRET\r\nX-Redmine-API-Key: SECRET\r\nX-Custom: SECRET\r\n"
            + "Referer: /?SECRET\r\n"
        #expect(try client.exchange("POST /a?key=SECRET&b HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        #expect(try client.exchange("POST /b?SECRET HTTP/1.1\r\nHost: t\r\n\(fields)Content-Length: 6\r\n\r\nSECRET").status == 200)
        // Refused ones are written with more detail, and no less care.
        let answer = try client.exchange("GET /c?SECRET HTTP/1.1\r\nHost: t\r\n\(fields)Content-Length: SECRET\r\n\r\n")
        #expect(answer.status == 400)
        #expect(!answer.text.contains("SECRET"))
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("request").count == 2)
        #expect(!daemon.log.all.contains { $0.text.contains("SECRET") })
        #expect(!daemon.diagnostics.contains("SECRET"))
    }

    @Test("what a peer writes can't make two lines of one")
    func injection() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        for target in ["/\"},{\"event\":\"denied", "/\\\"\\n", "/%0a%0d", "/\u{1}\u{7f}", "/\u{e9}", "/<b>"] {
            // Whether it is refused is not the question here.
            let client = try RawClient(to: daemon)
            _ = try client.exchange("GET \(target) HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        }
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.log.all.allSatisfy { $0.fields != nil })
        #expect(daemon.log.all.filter { $0.event == "request" || $0.event == "refused" }.count == 6)
        #expect(daemon.lines("denied").isEmpty)
    }

    @Test("a client's own request id is kept, and told upstream and back")
    func requestIdentifier() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url)
        let client = try RawClient(to: daemon)
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: t\r\nX-Request-Id: vendor-42\r\n\r\n").status == 200)
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: t\r\nX-Request-Id: not \"sane\"\r\n\r\n").status == 200)
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        #expect(daemon.log.wait(seconds: 30) { $0.filter { $0.event == "request" }.count == 3 })
        let ids = daemon.lines("request").compactMap { $0["id"] }
        #expect(ids[0] == "vendor-42")
        #expect(ids[1].wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil)
        #expect(Set(ids).count == 3)
        #expect(upstream.requests.map { $0["x-request-id"] } == ids.map { Optional($0) })
    }

    @Test("with access: false only refusals are written")
    func withoutAccess() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {access: false}")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        #expect(try client.exchange("BROKEN\r\n\r\n").status == 400)
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("request").isEmpty)
        #expect(daemon.lines("refused").count == 1)
    }

    @Test("a log that nobody reads blocks nobody, and what it lost is counted")
    func unreadLog() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
        let daemon = try Daemon(upstream: upstream.url, settings: "workers: 1", pipeBytes: 4096)
        daemon.log.pause()
        // Long paths fill rings and pipe soon.
        let path = String(repeating: "x", count: 7000)
        let client = try RawClient(to: daemon)
        let count = 1000
        for number in 1...count {
            #expect(try client.exchange("GET /\(path)/\(number) HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        }
        daemon.log.resume()
        // The count stands in the next line that is written.
        func dropped(_ lines: [LogLine]) -> Int { lines.compactMap { $0.number("dropped") }.reduce(0, +) }
        #expect(daemon.log.wait(seconds: 30) { dropped($0) > 0 || $0.filter { $0.event == "request" }.count == count })
        #expect(try client.exchange("GET /last HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        #expect(try daemon.terminate() == .exited(0))
        #expect(dropped(daemon.log.all) > 0)
        // Lines that tell of the problem may be among the lost.
        #expect((count + 1...count + 5).contains(daemon.lines("request").count + dropped(daemon.log.all)))
        #expect(daemon.log.all.allSatisfy { $0.fields != nil })
    }
}
