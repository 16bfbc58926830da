import Foundation
import Testing

@Suite("gatekeeperd explain: who decides what about whom")
struct ExplainTests {
    private static let routes = """
        routes:
          - {methods: [GET, POST], path: "/REST/2.0/ticket/{id}/comment"}
          - /open/**
        """

    @Test("an address is admitted by the entry that says so, told with its place and label")
    func admitted() throws {
        let scene = try ConfigurationScene(
            allow: "[127.0.0.0/24, {address: 127.0.0.2, label: office, until: \"2999-01-01T00:00:00Z\"}]", upstream: "http://127.0.0.1:1")
        let run = try scene.run("explain", "127.0.0.2")
        #expect(run.ending == .exited(0))
        #expect(
            run.lines == [
                "admission: 127.0.0.2 is admitted by 127.0.0.2 (office), until 2999-01-01T00:00:00Z  (\(scene.file):6:33)", "admitted",
            ])
        #expect(try scene.run("explain", "::ffff:127.0.0.3").lines.first?.contains("by 127.0.0.0/24  (\(scene.file):6:9)") == true)
    }

    @Test("a stranger is denied, the nearest entry is named, and the status is 3")
    func stranger() throws {
        let scene = try ConfigurationScene(allow: "[203.0.113.9]", upstream: "http://127.0.0.1:1")
        let near = try scene.run("explain", "203.0.113.8")
        #expect(near.ending == .exited(3))
        #expect(near.lines.last == "denied: not_listed")
        #expect(near.lines.first?.hasSuffix("the nearest is 203.0.113.9  (\(scene.file):6:9)") == true, "\(near.lines)")
        let json = try scene.json("explain", "198.51.100.1")
        #expect(json["verdict"]?.string == "denied" && json["reason"]?.string == "not_listed")
        #expect(json["steps"]?.array?.first?["stage"]?.string == "admission")
    }

    @Test("an entry that has ended denies as expired, told with its end")
    func expired() throws {
        let scene = try ConfigurationScene(
            allow: "[{address: 127.0.0.2, until: \"2020-01-01T00:00:00Z\"}]", upstream: "http://127.0.0.1:1")
        let run = try scene.run("explain", "127.0.0.2")
        #expect(run.ending == .exited(3) && run.lines.last == "denied: expired")
        #expect(run.lines.first?.contains("ended 2020-01-01T00:00:00Z  (\(scene.file):6:19)") == true, "\(run.lines)")
    }

    @Test("a load balancer is told to be one")
    func balancer() throws {
        let scene = try ConfigurationScene(upstream: "http://127.0.0.1:1")
        let text = try String(contentsOfFile: scene.file, encoding: .utf8)
        try scene.folder.write(
            text.replacing("[\"127.0.0.1:0\"]", with: "[{address: \"127.0.0.1:0\", proxy_protocol_from: [10.0.0.4]}]"),
            to: "gatekeeper.yaml")
        let run = try scene.run("explain", "10.0.0.4")
        #expect(run.ending == .exited(3))
        #expect(run.lines.first == "accept: 10.0.0.4 is a load balancer on 127.0.0.1:0: the source that it names is judged there")
    }

    @Test("a request passes by a route that is told with its place, or is refused by the rule that the log names")
    func requests() throws {
        let scene = try ConfigurationScene(upstream: "http://127.0.0.1:1", Self.routes)
        let passes = try scene.run("explain", "127.0.0.2", "GET", "https://t.example/open/a?b")
        #expect(passes.ending == .exited(0))
        #expect(passes.lines.contains { $0 == "policy: the route /open/** lets it pass  (\(scene.file):13:5)" }, "\(passes.lines)")
        let refused = try scene.run("explain", "127.0.0.2", "DELETE", "/REST/2.0/ticket/1/comment")
        #expect(refused.ending == .exited(3) && refused.lines.last == "refused: 403 route")
        let shadow = try Daemon.run(["explain", "127.0.0.2", "GET", "/admin", "--config", scene.file, "--set", "routes_mode=shadow"])
        #expect(shadow.ending == .exited(0) && shadow.output.contains("otherwise 403 route"), "\(shadow)")
    }

    @Test("a question that can't be answered exits 2 and says why: no address, no URL, no configuration")
    func unanswerable() throws {
        let scene = try ConfigurationScene(upstream: "http://127.0.0.1:1")
        for arguments in [["nobody"], ["127.0.0.2", "GET"], ["127.0.0.2", "GET", "/a b"], ["127.0.0.2", "G\r\nX: y", "/"], []] {
            let run = try Daemon.run(["explain"] + arguments + ["--config", scene.file])
            #expect(run.ending == .exited(2) && run.output.isEmpty && !run.errors.isEmpty, "\(arguments) \(run)")
        }
        let broken = try ConfigurationScene(allow: "[nobody]", upstream: "http://127.0.0.1:1").run("explain", "127.0.0.2")
        #expect(broken.ending == .exited(2) && broken.errors.contains("gatekeeper.yaml:6:9: allow:"), "\(broken.errors)")
    }

    // MARK: The same as the service

    @Test("a grant of the running service counts")
    func grant() throws {
        let folder = try TemporaryFolder()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, settings: "state: \(folder.file("state"))\ncontrol: \(folder.file("control.sock"))")
        #expect(try Daemon.run(["explain", "127.0.0.9", "--config", daemon.configuration]).ending == .exited(3))
        #expect(
            try Daemon.run(["grant", "127.0.0.9", "--for", "1h", "--reason", "ticket 12", "--config", daemon.configuration]).ending
                == .exited(0))
        let run = try Daemon.run(["explain", "127.0.0.9", "--config", daemon.configuration])
        #expect(
            run.ending == .exited(0) && run.output.contains("by 127.0.0.9 (ticket 12), until ") && run.output.contains("(grant)"), "\(run)")
    }

    @Test("the verdict is what the running service does, for addresses and for requests", arguments: [false, true])
    func agreement(isStrict: Bool) throws {
        let leaf = try TestAuthority.common().issue("agreed", names: ["a.example"])
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, allow: ["127.0.0.2", "127.0.1.0/24", "127.0.0.0/30"], certificates: [leaf],
            tlsSettings: "sni_strict: \(isStrict)", settings: Self.routes + "\nlimits: {target: 256B}")
        for address in ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.1.0", "127.0.1.255", "127.0.2.1", "127.1.0.2"] {
            let explained = try Daemon.run(["explain", address, "--config", daemon.configuration]).ending
            let isServed =
                (try? RawClient(to: daemon, from: address, security: .customTLS(TLSClientContext(serverName: "a.example")))) != nil
            #expect(explained == .exited(isServed ? 0 : 3), "\(address)")
        }
        for line in [
            "GET /open/a", "POST /open/", "GET /open", "OPTIONS *", "GET *", "HEAD /REST/2.0/ticket/1/comment",
            "PUT /REST/2.0/ticket/1/comment",
            "GET /open/../a", "GET /open/%2e%2e/a", "GET /open//a", "GET /open/a%00", "GET /open/a;b", "get /open/a", "TRACE /open/a",
            "GET open/a", "GET /open/a#b", "GET /open/ü", "GET /open/\(Array(repeating: "a", count: 300).joined())", "GET /",
        ] {
            let parts = line.split(separator: " ").map(String.init)
            let run = try Daemon.run(["explain", "127.0.0.2"] + parts + ["--config", daemon.configuration, "--json"])
            let client = try RawClient(to: daemon, security: .customTLS(TLSClientContext(serverName: "a.example")))
            let answer = try client.exchange("\(line) HTTP/1.1\r\nHost: a.example\r\n\r\n")
            let explained = try JSONValue(parsing: run.output.utf8)
            #expect(run.ending == .exited(answer.status == 200 ? 0 : 3), "\(line)")
            #expect(explained["status"]?.number.map { Int($0) } ?? 200 == answer.status, "\(line): \(run.output)")
            guard answer.status != 200 else { continue }
            let id = try #require(answer["x-request-id"])
            #expect(try daemon.waitForLine { $0["id"] == id }.reason == explained["reason"]?.string, "\(line)")
        }
    }

    @Test("with sni_strict names are judged as in the handshake, and as in the request")
    func strictNames() throws {
        let leaf = try TestAuthority.common().issue("strict", names: ["a.example", "*.b.example"])
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificates: [leaf], tlsSettings: "sni_strict: true", settings: "")
        for host in ["a.example", "A.EXAMPLE", "x.b.example", "b.example", "c.example", "x.y.b.example"] {
            let run = try Daemon.run(["explain", "127.0.0.2", "GET", "https://\(host)/", "--config", daemon.configuration])
            let client = try? RawClient(to: daemon, security: .customTLS(TLSClientContext(serverName: host)))
            let status = try client.map { try $0.exchange("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").status }
            #expect(run.ending == .exited(status == 200 ? 0 : 3), "\(host): \(String(describing: status)) \(run.output)")
            if status == nil { #expect(run.output.hasSuffix("refused: unrecognized_name\n"), "\(run.output)") }
        }
    }
}
