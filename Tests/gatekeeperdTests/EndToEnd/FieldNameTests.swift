import Testing

@Suite("Names that CGI and its kin read as others")
struct FieldNameTests {
    private static let disguised = [
        "X.HTTP.Method.Override: DELETE", "Client.IP: 127.0.0.1", "X~Real~IP: 127.0.0.1", "X.Forwarded.For: 127.0.0.1",
        "X_Forwarded_For: 127.0.0.1", "x-http_method-override: DELETE", "X_Original_URL: /admin", "Proxy_Authorization: x",
        "Content_Length: 0", "X_Request_ID: x", "a.b_c: x",
    ]

    private static func request(_ lines: [String], body: String = "\r\n") -> String {
        "POST / HTTP/1.1\r\nHost: t\r\n" + lines.map { $0 + "\r\n" }.joined() + body
    }

    private static func isRegular(_ name: String) -> Bool {
        name.utf8.allSatisfy {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || $0 == UInt8(ascii: "-")
        }
    }

    @Test("none of them reaches the ticket system, and the request's line says which and why")
    func strict() throws {
        let door = try Door(.echo)
        for lines in [["api_key: abc", "TECHNICIAN_KEY: k", "Client-IP: 1.2.3.4", "Ok: 1"], Self.disguised] {
            #expect(try door.client.exchange(Self.request(lines + ["Content-Length: 0"])).status == 200)
            #expect(door.upstream.requests.last?.fields.allSatisfy { Self.isRegular($0.name) } == true)
        }
        #expect(door.daemon.log.wait(seconds: 30) { $0.filter { $0.event == "request" }.count == 2 })
        let told = door.daemon.lines("request").map { $0["dropped_fields"] }
        #expect(told[0] == "api_key (name), TECHNICIAN_KEY (name), Client-IP (forwarded)")
        #expect(told[1]?.hasPrefix("X.HTTP.Method.Override (name), Client.IP (name), ") == true && told[1]?.hasSuffix(", 3 more") == true)
        #expect(try door.client.exchange("GET /last HTTP/1.1\r\nHost: t\r\nApi-Key: abc\r\n\r\n").status == 200)
        #expect(try door.daemon.waitForLine { $0["path"] == "/last" }["dropped_fields"] == nil)
    }

    @Test("with field_names: underscores they pass, but for those that read as a field about the client, the target or the method")
    func underscores() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, upstreamSettings: "field_names: underscores", settings: "")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.request(["api_key: abc"] + Self.disguised + ["Content-Length: 0"])).status == 200)
        let request = try #require(upstream.requests.first)
        #expect(request["api_key"] == "abc")
        #expect(request.fields.filter { !Self.isRegular($0.name) }.map(\.name) == ["api_key"])
        #expect(try daemon.waitForLine(event: "request")["dropped_fields"]?.hasPrefix("X.HTTP.Method.Override (name), ") == true)
    }

    @Test("the same holds for trailers", arguments: ["strict", "underscores"])
    func trailers(names: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, settings: "", upstreamLines: ["field_names: \(names)", "request_buffering: off"])
        let client = try RawClient(to: daemon)
        let body = "\r\n1\r\nx\r\n0\r\nX_Sum: 1\r\nX.Sum: 2\r\nX_Forwarded_For: 3\r\nX-Sum: 4\r\n\r\n"
        #expect(try client.exchange(Self.request(["Transfer-Encoding: chunked"], body: body)).status == 200)
        let passed = try #require(upstream.requests.first).trailers.map(\.name)
        let line = try daemon.waitForLine(event: "request")
        if names == "strict" {
            #expect(passed == ["X-Sum"])
            #expect(line["dropped_fields"] == "X_Sum (name), X.Sum (name), X_Forwarded_For (name)")
        } else {
            #expect(passed == ["X_Sum", "X-Sum"])
            #expect(line["dropped_fields"] == "X.Sum (name), X_Forwarded_For (name)")
        }
    }

    @Test("a body that is collected loses its trailers, and the line says so")
    func collectedTrailers() throws {
        let door = try Door(.echo)
        let body = "\r\n1\r\nx\r\n0\r\nX-Sum: 4\r\n\r\n"
        #expect(try door.client.exchange(Self.request(["Transfer-Encoding: chunked"], body: body)).status == 200)
        #expect(try #require(door.upstream.requests.first)["content-length"] == "1")
        #expect(try door.daemon.waitForLine(event: "request")["dropped_fields"] == "X-Sum (trailer)")
    }
}
