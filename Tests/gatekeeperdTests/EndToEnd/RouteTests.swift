import Testing

@Suite("Routes: what is matched is what is sent, and nothing else is let through")
struct RouteTests {
    private static let routes = """
        routes:
          - {methods: [GET, POST], path: "/REST/2.0/ticket/{id}/comment"}
          - {methods: [POST], path: /api/Tickets.json, case_sensitive: false}
          - /open/**
        """

    private func exchange(_ daemon: Daemon, _ line: String, _ fields: String = "") throws -> RawMessage {
        let length = line.hasPrefix("GET") || line.hasPrefix("HEAD") ? "" : "Content-Length: 0\r\n"
        return try RawClient(to: daemon).exchange("\(line) HTTP/1.1\r\nHost: tickets\r\n\(length)\(fields)\r\n")
    }

    @Test("what is on a route passes as it came")
    func passes() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.routes)
        let targets = [
            "POST /REST/2.0/ticket/1/comment", "GET /REST/2.0/ticket/a%20b/comment?x=/../y", "HEAD /REST/2.0/ticket/1/comment",
            "POST /API/tickets.JSON", "POST /api/%74ickets.json", "DELETE /open/a/b?c", "GET /open/",
        ]
        for target in targets { #expect(try exchange(daemon, target).status == 200, "\(target)") }
        #expect(upstream.requests.map { "\($0.method) \($0.target)" } == targets)
    }

    @Test(
        "what isn't on one is a 403, what can be read in two ways a 400, and neither reaches the upstream",
        arguments: [
            ("GET /", 403, "route"), ("GET /REST/2.0/ticket/1", 403, "route"), ("DELETE /REST/2.0/ticket/1/comment", 403, "route"),
            ("GET /api/tickets.json", 403, "route"), ("GET /open", 403, "route"), ("GET /OPEN/a", 403, "route"),
            ("OPTIONS *", 403, "route"),
            ("GET /open/../admin", 400, "path_ambiguous"), ("GET /open/%2e%2e/admin", 400, "path_ambiguous"),
            ("GET /open/..;/admin", 400, "path_ambiguous"), ("GET /open//admin", 400, "path_ambiguous"),
            ("GET /open/%2fadmin", 400, "path_ambiguous"), ("GET /open/%252e%252e/admin", 400, "path_ambiguous"),
            ("GET /open/a%00", 400, "path_ambiguous"), ("GET http://tickets/open/../x", 400, "path_ambiguous"),
        ])
    func refused(line: String, status: Int, reason: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.routes)
        let answer = try exchange(daemon, line)
        #expect(answer.status == status)
        #expect(answer["content-type"] == "application/problem+json")
        let logged = try daemon.waitForLine(event: "refused")
        #expect(logged["reason"] == reason && logged["stage"] == "policy")
        #expect(upstream.requests.isEmpty)
    }

    @Test("a method can't be overridden past its route", arguments: ["X-HTTP-Method-Override", "x-method-override", "X-HTTP-METHOD"])
    func override(field: String) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.routes)
        #expect(try exchange(daemon, "POST /api/tickets.json", "\(field): DELETE\r\n").status == 403)
        #expect(try daemon.waitForLine(event: "refused")["reason"] == "method_override")
        #expect(upstream.requests.isEmpty)
        // Without routes it is the application's affair.
        let open = try Daemon(upstream: upstream.url)
        #expect(try exchange(open, "POST /a", "\(field): DELETE\r\n").status == 200)
        #expect(upstream.requests.first?[field] == "DELETE")
    }

    @Test("in shadow mode everything passes, and the log says what wouldn't have")
    func shadow() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: Self.routes + "\nroutes_mode: shadow")
        for (line, shadow) in [("GET /admin", "route"), ("GET /open/../admin", "path_ambiguous"), ("GET /open/a", nil)]
            as [(String, String?)]
        {
            let answer = try exchange(daemon, line)
            #expect(answer.status == 200)
            let identifier = answer["x-request-id"]
            let id = identifier ?? upstream.requests.last?["x-request-id"]
            let logged = try daemon.waitForLine { $0["id"] == id }
            #expect(logged["shadow"] == shadow && logged["outcome"] == "completed")
        }
        #expect(upstream.requests.map(\.target) == ["/admin", "/open/../admin", "/open/a"])
    }

    @Test("without routes every path passes byte for byte")
    func withoutRoutes() throws {
        let door = try Door(.echo)
        let targets = ["/a/../b", "//a//b", "/%2e%2e/x", "/a;b=c/d", "/a%2Fb?q=%00", "/%252e", "/a%zz"]
        for target in targets {
            #expect(try RawClient(to: door.daemon).exchange("GET \(target) HTTP/1.1\r\nHost: t\r\n\r\n").status == 200, "\(target)")
        }
        #expect(door.upstream.requests.map(\.target) == targets)
    }

    @Test("an empty list lets nothing through")
    func none() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "routes: []")
        #expect(try exchange(daemon, "GET /").status == 403)
    }

    @Test("a route that can't be meant is told with its place")
    func mistakes() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            """
            listen: 127.0.0.1:0
            tls: {certificate: a, key: b}
            allow: []
            upstream: {url: "http://127.0.0.1:1"}
            routes:
              - {methods: [get], path: /a}
              - /a/../b
              - {methods: [GET]}
              - {path: /a, case_sensitive: perhaps}
              - {path: /a, method: [GET]}
            """, to: "gatekeeper.yaml")
        let run = try Daemon.run(["run", "--config", file])
        #expect(run.ending == .exited(2))
        for words in [
            ":6:15: routes: methods: methods are written in capitals, as GET",
            ":7:5: routes: \"/a/../b\": \"..\" can be read in more than one way",
            ":8:5: routes: the path is missing", ":9:32: routes: case_sensitive",
            ":10:16: unknown key \"method\" in routes; did you mean methods?",
        ] { #expect(run.errors.contains(words), "\(words)\n\(run.errors)") }
    }
}
