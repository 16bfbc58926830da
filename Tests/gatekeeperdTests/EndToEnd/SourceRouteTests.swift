import Foundation
import Testing

@Suite("Routes per source: what one vendor may, another may not")
struct SourceRouteTests {
    private static let allow = """
        [{address: 127.0.0.2, label: Tickets}, {address: 127.0.0.3, label: Assets}, 127.0.0.4, \
        {address: 127.0.1.0/24, label: Assets}, {address: 127.0.1.7, label: Tickets}]
        """
    private static let routes = """
        routes:
          - {methods: [POST], path: /api/tickets, from: [Tickets]}
          - {methods: [GET], path: "/api/assets/{id}", from: [Assets]}
          - {methods: [GET], path: /api/tickets, from: [Assets, Tickets]}
          - {methods: [GET], path: /api/version}
        """

    private func scene(_ upstream: ScriptedUpstream, listenSettings: String = "", _ more: String = "") throws -> (
        ConfigurationScene, Daemon
    ) {
        let scene = try ConfigurationScene(allow: Self.allow, upstream: upstream.url, Self.routes + "\n" + more)
        if !listenSettings.isEmpty {
            let text = try String(contentsOfFile: scene.file, encoding: .utf8)
            let listener = "[{address: \"127.0.0.1:0\", \(listenSettings)}]"
            try scene.folder.write(text.replacing("[\"127.0.0.1:0\"]", with: listener), to: "gatekeeper.yaml")
        }
        return (scene, try Daemon(configuredIn: scene.folder))
    }

    private func request(_ line: String) -> String {
        "\(line) HTTP/1.1\r\nHost: tickets\r\n\(line.hasPrefix("POST") ? "Content-Length: 0\r\n" : "")\r\n"
    }

    /// Of each address, what it is answered.
    private static let cases: [(from: String, line: String, reason: String?)] = [
        ("127.0.0.2", "POST /api/tickets", nil), ("127.0.0.2", "GET /api/tickets", nil), ("127.0.0.2", "GET /api/version", nil),
        ("127.0.0.2", "GET /api/assets/1", "route_of_others"), ("127.0.0.2", "GET /api/users", "route"),
        ("127.0.0.3", "POST /api/tickets", "route_of_others"), ("127.0.0.3", "GET /api/assets/1", nil),
        ("127.0.0.3", "HEAD /api/assets/1", nil), ("127.0.0.3", "GET /api/version", nil),
        ("127.0.0.4", "GET /api/version", nil), ("127.0.0.4", "GET /api/tickets", "route_of_others"),
        // The narrowest entry is the one that admits.
        ("127.0.1.6", "GET /api/assets/1", nil), ("127.0.1.6", "POST /api/tickets", "route_of_others"),
        ("127.0.1.7", "POST /api/tickets", nil), ("127.0.1.7", "GET /api/assets/1", "route_of_others"),
    ]

    @Test("each source has its own, by the entry that admits it; explain says the same and names the route")
    func sources() throws {
        let upstream = try ScriptedUpstream(.echo)
        let (scene, daemon) = try scene(upstream)
        for (from, line, reason) in Self.cases {
            let answer = try RawClient(to: daemon, from: from).exchange(request(line))
            #expect(answer.status == (reason == nil ? 200 : 403), "\(from) \(line)")
            let words = line.split(separator: " ").map(String.init)
            let explained = try scene.run("explain", from, words[0], words[1])
            #expect(explained.lines.last == (reason.map { "refused: 403 \($0)" } ?? "admitted"), "\(explained)")
            guard let reason else { continue }
            let id = try #require(answer["x-request-id"])
            let logged = try daemon.waitForLine { $0["id"] == id }
            #expect(logged.event == "refused" && logged.reason == reason && logged["stage"] == "policy" && logged.peer == from)
            #expect(!answer.text.contains("Assets") && answer.text.contains("This method and path aren't served here."))
        }
        #expect(upstream.requests.count == Self.cases.count { $0.reason == nil })
        let refused = try scene.run("explain", "127.0.0.3", "POST", "/api/tickets")
        let words = "policy: POST /api/tickets is on the route POST /api/tickets from Tickets, which is for other sources"
        #expect(refused.lines.contains { $0.hasPrefix(words) && $0.hasSuffix("(\(scene.file):12:29)") }, "\(refused.lines)")
    }

    @Test("behind a load balancer it is the source that it names")
    func proxied() throws {
        let upstream = try ScriptedUpstream(.echo)
        let (_, daemon) = try scene(upstream, listenSettings: "proxy_protocol_from: [127.0.0.9]")
        for (from, line, reason) in Self.cases {
            let client = try RawClient(to: daemon, from: "127.0.0.9", preface: ProxyPreface.line(from: from))
            #expect(try client.exchange(request(line)).status == (reason == nil ? 200 : 403), "\(from) \(line)")
        }
    }

    @Test("a connection that stays has the routes of the newest configuration with its next request")
    func reload() throws {
        let upstream = try ScriptedUpstream(.echo)
        let (scene, daemon) = try scene(upstream)
        let client = try RawClient(to: daemon, from: "127.0.0.2")
        #expect(try client.exchange(request("POST /api/tickets")).status == 200)
        let text = try String(contentsOfFile: scene.file, encoding: .utf8)
        try scene.folder.write(text.replacing("127.0.0.2, label: Tickets", with: "127.0.0.2, label: Assets"), to: "gatekeeper.yaml")
        #expect(try scene.run("reload").ending == .exited(0))
        #expect(try client.exchange(request("GET /api/assets/1")).status == 200)
        #expect(try client.exchange(request("POST /api/tickets")).status == 403)
    }

    @Test("a grant has the routes of everybody, with a label those of its source too, also after a restart")
    func grants() throws {
        let upstream = try ScriptedUpstream(.echo)
        let state = try TemporaryFolder()
        let (scene, daemon) = try scene(upstream, "state: \(state.file("state"))")
        // A reason that is called like a label gives nothing.
        #expect(try scene.run("grant", "127.0.0.7", "--for", "1h", "--reason", "Tickets").ending == .exited(0))
        let made = try scene.run("grant", "127.0.0.8", "--for", "1h", "--reason", "they moved", "--label", "Tickets")
        #expect(made.ending == .exited(0) && made.lines[0].contains("with the routes of Tickets"), "\(made)")
        let wrong = try scene.run("grant", "127.0.0.9", "--for", "1h", "--reason", "x", "--label", "Tikets")
        #expect(wrong.ending == .exited(2) && wrong.errors.contains("did you mean Tickets?"), "\(wrong)")
        func check(_ daemon: Daemon) throws {
            for (from, status) in [("127.0.0.7", 403), ("127.0.0.8", 200)] {
                let client = try RawClient(to: daemon, from: from)
                #expect(try client.exchange(request("GET /api/version")).status == 200, "\(from)")
                #expect(try client.exchange(request("POST /api/tickets")).status == status, "\(from)")
                #expect(try scene.run("explain", from, "POST", "/api/tickets").ending == .exited(status == 200 ? 0 : 3), "\(from)")
            }
        }
        try check(daemon)
        #expect(try scene.run("grants").lines.contains { $0.hasPrefix("127.0.0.8") && $0.contains(" as Tickets, by ") })
        #expect(try daemon.waitForLine { $0.event == "grant" && $0["label"] == "Tickets" }["state"] == "made")
        #expect(try daemon.waitForLine { $0.event == "request" && $0.peer == "127.0.0.8" }["label"] == "Tickets")
        #expect(try daemon.terminate() == .exited(0))
        try check(try Daemon(restarting: daemon))
    }

    @Test("in shadow mode each source passes, and its line says why it wouldn't")
    func shadow() throws {
        let upstream = try ScriptedUpstream(.echo)
        let (_, daemon) = try scene(upstream, "routes_mode: shadow")
        for (from, line, reason) in Self.cases where reason != nil {
            #expect(try RawClient(to: daemon, from: from).exchange(request(line)).status == 200)
            let path = String(line.split(separator: " ")[1])
            let logged = try daemon.waitForLine { $0.event == "request" && $0.peer == from && $0["path"] == path && $0["shadow"] == reason }
            #expect(logged["outcome"] == "completed")
        }
    }

    // MARK: Queries

    @Test("a query's keys decide, one with two readings is refused, and none of it is logged")
    func queries() throws {
        let upstream = try ScriptedUpstream(.echo)
        let routes = """
            routes:
              - {methods: [POST, GET], path: /webservices/rest.php, query: {allow: [version]}}
              - {methods: [GET], path: /search, query: {deny: [debug]}}
            """
        let daemon = try Daemon(upstream: upstream.url, settings: routes)
        let passes = [
            "POST /webservices/rest.php?version=1.3", "GET /webservices/rest.php", "GET /search?q=a%26debug%3D1&page=2", "GET /search?",
        ]
        for line in passes { #expect(try RawClient(to: daemon).exchange(request(line)).status == 200, "\(line)") }
        let refused = [
            ("GET /webservices/rest.php?loginop=do_reset_pwd&auth_user=s3cret", 403, "query_key"),
            ("POST /webservices/rest.php?version=1.3&auth_token=s3cret", 403, "query_key"),
            ("POST /webservices/rest.php?version=s3cret;loginop=do_reset_pwd", 400, "query_ambiguous"),
            ("POST /webservices/rest.php?version=s3cret&%6coginop=do_reset_pwd", 400, "query_ambiguous"),
            ("POST /webservices/rest.php?version=1&version=s3cret", 400, "query_ambiguous"),
            ("POST /webservices/rest.php?version=1&login.op=s3cret", 400, "query_ambiguous"),
            ("GET /search?DEBUG=s3cret", 403, "query_key"), ("GET /search?debug[]=s3cret", 400, "query_ambiguous"),
            ("PUT /search?q=s3cret", 403, "route"), ("GET /webservices/../search?q=s3cret", 400, "path_ambiguous"),
        ]
        for (line, status, reason) in refused {
            let answer = try RawClient(to: daemon).exchange(request(line))
            #expect(answer.status == status, "\(line)")
            let id = try #require(answer["x-request-id"])
            #expect(try daemon.waitForLine { $0["id"] == id }.reason == reason, "\(line)")
            let words = line.split(separator: " ").map(String.init)
            let explained = try Daemon.run(["explain", "127.0.0.2", words[0], words[1], "--config", daemon.configuration])
            #expect(explained.output.hasSuffix("refused: \(status) \(reason)\n"), "\(explained.output)")
        }
        #expect(upstream.requests.map { "\($0.method) \($0.target)" } == passes)
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("refused").count == refused.count)
        #expect(!daemon.lines("refused").contains { "\($0)".contains("s3cret") || "\($0)".contains("loginop") })
    }
}
