import Foundation
import Testing

@Suite("Certificates by name")
struct ServerNameTests {
    private func request(_ host: String) -> String { "GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n" }

    private func context(
        _ name: String?, version: TLSClientContext.Version? = nil, ciphers: String? = nil
    ) throws -> TLSClientContext {
        try TLSClientContext(version: version, ciphers: ciphers, serverName: name)
    }

    @Test("each name gets its certificate, exact before wildcard, whatever its case", arguments: TLSClientContext.Version.allCases)
    func byName(version: TLSClientContext.Version) throws {
        let authority = try TestAuthority.common()
        let leaves = [
            try authority.issue("first", names: ["first.example", "localhost"]), try authority.issue("wild", names: ["*.msp.example"]),
            try authority.issue("exact", names: ["Tickets.MSP.example"], kind: .rsa),
        ]
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificates: leaves, settings: "")
        for (name, subject) in [
            ("first.example", "first"), ("any.msp.example", "wild"), ("tickets.msp.example", "exact"), ("TICKETS.msp.EXAMPLE", "exact"),
            ("unknown.example", "first"), ("a.b.msp.example", "first"), ("msp.example", "first"),
        ] {
            let option = version == .tls12 ? "-tls1_2" : "-tls1_3"
            let said = try OpenSSLClient.run(port: daemon.port, ["-servername", name, option])
            #expect(said.contains("subject=CN = \(subject)\n"), "\(name): \(said.prefix(400))")
        }
        #expect(try OpenSSLClient.run(port: daemon.port, ["-noservername"]).contains("subject=CN = first\n"))
        let client = try RawClient(to: daemon, security: .customTLS(context("tickets.msp.example", version: version)))
        #expect(try client.exchange(request("elsewhere.example")).status == 200)
        #expect(daemon.lines("tls_failed").isEmpty)
    }

    @Test("for one name a peer gets the kind of certificate that it can use")
    func bothKinds() throws {
        let authority = try TestAuthority.common()
        let leaves = [
            try authority.issue("other", names: ["other.example"]), try authority.issue("rsa", names: ["a.example"], kind: .rsa),
            try authority.issue("ecdsa", names: ["a.example"]),
        ]
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificates: leaves, settings: "")
        for (ciphers, beginning) in [("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA"), ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA")] {
            let client = try RawClient(to: daemon, security: .customTLS(context("a.example", version: .tls12, ciphers: ciphers)))
            #expect(client.session?.cipher.hasPrefix(beginning) == true)
            #expect(try client.exchange(request("a.example")).status == 200)
        }
    }

    @Test("a ticket resumes with the name that it was given for", arguments: TLSClientContext.Version.allCases)
    func resumption(version: TLSClientContext.Version) throws {
        let authority = try TestAuthority.common()
        let leaves = [try authority.issue("a", names: ["a.example"]), try authority.issue("b", names: ["b.example"])]
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificates: leaves, settings: "")
        let context = try context("b.example", version: version)
        let first = try RawClient(to: daemon, security: .customTLS(context))
        #expect(try first.exchange(request("b.example")).status == 200)
        let second = try RawClient(to: daemon, security: .customTLS(context, try #require(first.session?.ticket)))
        #expect(second.session?.isResumed == true)
        #expect(try second.exchange(request("b.example")).status == 200)
    }

    @Test("sni_strict refuses unknown and absent names with the alert for it", arguments: TLSClientContext.Version.allCases)
    func strict(version: TLSClientContext.Version) throws {
        let leaf = try TestAuthority.common().issue("a", names: ["a.example", "*.b.example"])
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificates: [leaf], tlsSettings: "sni_strict: true", settings: "")
        for name in ["c.example", "x.y.b.example", nil] {
            #expect(throws: Failure.self) { try RawClient(to: daemon, security: .customTLS(context(name, version: version))) }
        }
        let line = try daemon.waitForLine(event: "tls_failed")
        #expect(line.reason == "unrecognized_name")
        #expect(line["alert"] == "unrecognized_name")
        for name in ["a.example", "x.b.example"] {
            #expect(try RawClient(to: daemon, security: .customTLS(context(name, version: version))).exchange(request(name)).status == 200)
        }
        #expect(try daemon.terminate() == .exited(0))
        let summary = try #require(daemon.lines("tls_failed_summary").first)
        #expect(summary.reason == "unrecognized_name" && summary["alert"] == "unrecognized_name" && summary.number("count") == 2)
    }

    @Test("with sni_strict a request for a host that no certificate is for is answered 421")
    func misdirected() throws {
        let leaf = try TestAuthority.common().issue("a", names: ["a.example", "*.b.example"])
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, certificates: [leaf], tlsSettings: "sni_strict: true", settings: "")
        let client = try RawClient(to: daemon, security: .customTLS(context("a.example")))
        for host in ["a.example", "A.example:443", "x.b.example", "a.example."] {
            #expect(try client.exchange(request(host)).status == 200, "\(host)")
        }
        for host in ["c.example", "b.example", "127.0.0.1", "[::1]:443", "a.example.c"] {
            let another = try RawClient(to: daemon, security: .customTLS(context("a.example")))
            let answer = try another.exchange(request(host))
            #expect(answer.status == 421, "\(host)")
            #expect(answer["content-type"] == "application/problem+json")
        }
        let line = try daemon.waitForLine(event: "refused")
        #expect(line.reason == "unknown_host")
        #expect(line["stage"] == "policy")
        #expect(upstream.requests.count == 4)
    }

    @Test(
        "the oldest version that is spoken is the one that was asked for",
        arguments: [("1.2", ["-tls1_2", "-tls1_3"], ["-tls1_1", "-tls1"]), ("1.3", ["-tls1_3"], ["-tls1_2", "-tls1_1"])])
    func minimumVersion(minimum: String, spoken: [String], refused: [String]) throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, tlsSettings: "minimum_version: \"\(minimum)\"", settings: "")
        for option in spoken {
            let said = try OpenSSLClient.run(port: daemon.port, [option])
            #expect(said.contains("subject=CN = localhost\n"), "\(option): \(said.prefix(400))")
        }
        #expect(daemon.lines("tls_failed").isEmpty)
        for option in refused {
            // So that openssl's own limits don't answer for us.
            let said = try OpenSSLClient.run(port: daemon.port, [option, "-cipher", "ALL:@SECLEVEL=0"])
            #expect(!said.contains("subject=CN"), "\(option)")
        }
        #expect(try daemon.terminate() == .exited(0))
        let lines = daemon.lines("tls_failed") + daemon.lines("tls_failed_summary")
        #expect(lines.compactMap { $0.number("count") }.reduce(0, +) == refused.count)
    }

    @Test("a certificate without a name is refused where it could never be shown")
    func nameless() throws {
        let folder = try TemporaryFolder()
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let log = try OpenFile(creating: folder.file("log"))
        let made = try ChildProcess(
            "openssl",
            ["req", "-x509", "-key", leaf.key, "-days", "2", "-subj", "/CN=named.in.subject", "-out", folder.file("nameless.pem")],
            output: log, errors: log)
        #expect(try made.waitForEnd() == .exited(0))
        let file = try folder.write(
            """
            listen: 127.0.0.1:0
            tls: {certificate: nameless.pem, key: \(leaf.key), sni_strict: true}
            allow: [127.0.0.2]
            upstream: {url: "http://127.0.0.1:1"}

            """, to: "gatekeeper.yaml")
        let run = try Daemon.run(["run", "--config", file])
        #expect(run.ending == .exited(2))
        #expect(run.errors.contains("nameless.pem is for no name: it has no usable subjectAltName"), "\(run.errors)")
    }
}
