import Foundation
import Testing

@Suite("Names between clients and a ticket system: by which it is asked for, and by which its links come back")
struct UpstreamNameTests {
    private static func request(_ host: String) -> String { "GET /a HTTP/1.1\r\nHost: \(host)\r\n\r\n" }

    /// Says in its answer by which name it was asked for, and whether a session was resumed.
    private static let script = UpstreamScript.each { _, connection in
        let session = connection.session
        try connection.respond(body: (session?.serverName ?? "none") + (session?.isResumed == true ? " again" : ""))
    }

    private static func upstream(_ leaf: Certificates.Leaf? = nil) throws -> ScriptedUpstream {
        try ScriptedUpstream(tls: TLSServer(leaf ?? Certificates.shared().leaf(.ecdsa)), script)
    }

    private static func daemon(
        _ upstream: ScriptedUpstream, by name: String = "127.0.0.1", _ lines: [String] = [], names: [String] = ["a.example", "b.example"],
        settings: String = "workers: 1"
    ) throws -> Daemon {
        let leaf = try TestAuthority.common().issue("own", names: names)
        return try Daemon(
            upstream: upstream.url.replacingOccurrences(of: "127.0.0.1", with: name), certificates: [leaf], settings: settings,
            upstreamLines: ["ca: \(Certificates.shared().authority)"] + lines)
    }

    private static func client(_ daemon: Daemon) throws -> RawClient {
        try RawClient(to: daemon, security: .customTLS(TLSClientContext(serverName: "a.example")))
    }

    @Test("to an address the host of a request is asked for where a certificate of ours is for it, and it is verified by the address")
    func byHost() throws {
        let upstream = try Self.upstream()
        let own = try Self.daemon(upstream)
        let client = try Self.client(own)
        for (host, name) in [
            ("a.example", "a.example"), ("A.Example:8443", "a.example"), ("elsewhere.example", "none"), ("127.0.0.1", "none"),
            ("b.example", "b.example"),
        ] {
            #expect(try client.exchange(Self.request(host)).text.split(separator: " ").first ?? "" == name, "\(host)")
        }
        let other = try Self.upstream(TestAuthority.common().issue("named", names: ["a.example"]))
        let daemon = try Self.daemon(other)
        #expect(try Self.client(daemon).exchange(Self.request("a.example")).status == 502)
        #expect(try daemon.waitForLine(event: "request")["reason"] == "upstream_certificate_name")
    }

    @Test("what the configuration names is asked for and verified, before anything that a client says: server_name, host, then the url's")
    func configured() throws {
        let both = ["host: b.example:8080", "server_name: localhost"]
        for (name, lines, asked, names) in [
            ("127.0.0.1", ["server_name: localhost"], "localhost", ["localhost"]),
            ("127.0.0.1", ["host: b.example"], "b.example", ["b.example"]),
            ("127.0.0.1", both, "localhost", ["localhost"]), ("localhost", ["host: b.example:8080"], "b.example", ["b.example"]),
            ("localhost", ["host: 10.0.0.1"], "localhost", ["localhost"]), ("localhost", [], "localhost", ["localhost"]),
        ] {
            let right = try Self.upstream(TestAuthority.common().issue("right", names: names))
            let daemon = try Self.daemon(right, by: name, lines)
            #expect(try Self.client(daemon).exchange(Self.request("a.example")).text == asked, "\(name) \(lines)")
            let check = try Daemon.run(["check", "--config", daemon.configuration]).output
            #expect(!check.contains("does not answer"), "\(check)")
            let wrong = try Self.upstream(TestAuthority.common().issue("wrong", names: ["a.example"]))
            let other = try Self.daemon(wrong, by: name, lines)
            #expect(
                try Self.client(other).exchange(Self.request("a.example")).status == 502, "\(name) \(lines)")
        }
    }

    @Test("a connection and a session are for one name: another name gets another connection, and a full handshake")
    func onePerName() throws {
        let upstream = try Self.upstream()
        let daemon = try Self.daemon(upstream)
        let client = try Self.client(daemon)
        for _ in 1...3 {
            #expect(try client.exchange(Self.request("a.example")).text == "a.example")
            #expect(try client.exchange(Self.request("b.example")).text == "b.example")
        }
        #expect(upstream.connectionCount == 2)
        upstream.closeConnections()
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        #expect(try client.exchange(Self.request("b.example")).text == "b.example again")
    }

    @Test("a health check asks by a name of ours where the url has none")
    func healthCheck() throws {
        let asked = Awaited<String>()
        let upstream = try ScriptedUpstream(
            tls: TLSServer(Certificates.shared().leaf(.ecdsa)),
            .each { _, connection in
                asked.resolve(connection.session?.serverName ?? "none")
                try connection.respond(body: "ok")
            })
        let daemon = try Self.daemon(upstream, ["health: {path: /}"])
        #expect(asked.wait(seconds: 30) == "a.example")
        withExtendedLifetime(daemon) {}
    }

    @Test("links to the name that the ticket system was told lead the client back by the name that it asked for")
    func links() throws {
        let upstream = try ScriptedUpstream(
            .each { head, connection in
                let host = head["host"] ?? ""
                try connection.send(
                    "HTTP/1.1 201 Created\r\nLocation: http://\(host)/login\r\nContent-Location: https://\(host.uppercased())/x\r\n"
                        + "Refresh: 3; url=http://\(host)/y\r\nLink: <http://\(host)/z>\r\nContent-Length: 0\r\n\r\n")
            })
        for host in ["tickets.internal.example", "tickets.internal.example:8080"] {
            let leaf = try TestAuthority.common().issue("own", names: ["a.example"])
            let daemon = try Daemon(upstream: upstream.url, certificates: [leaf], upstreamSettings: "host: \(host)", settings: "")
            let answer = try Self.client(daemon).exchange(Self.request("a.example:8443"))
            #expect(answer["location"] == "https://a.example:8443/login")
            #expect(answer["content-location"] == "https://a.example:8443/x")
            #expect(answer["refresh"] == "3; url=https://a.example:8443/y")
            #expect(answer["link"] == "<http://\(host)/z>")
        }
    }
}
