import Foundation
import Testing

@Suite("Client certificates")
struct ClientCertificateTests {
    private static let get = "GET / HTTP/1.1\r\nHost: tickets\r\n\r\n"

    private func client(
        _ daemon: Daemon, _ leaf: Certificates.Leaf?, _ version: TLSClientContext.Version, ticket: TLSClientSession.Ticket? = nil
    ) throws -> RawClient {
        try RawClient(to: daemon, security: .customTLS(TLSClientContext(version: version, certificate: leaf), ticket))
    }

    /// Whether a request is answered; in TLS 1.3 a client learns what is wrong with its certificate after its own handshake.
    private func isServed(_ daemon: Daemon, _ leaf: Certificates.Leaf?, _ version: TLSClientContext.Version) -> Bool {
        (try? client(daemon, leaf, version).exchange(Self.get).status) == 200
    }

    @Test("every peer must show a valid one of the authority", arguments: TLSClientContext.Version.allCases)
    func demanded(version: TLSClientContext.Version) throws {
        let authority = try TestAuthority()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, tlsSettings: "client_ca: \(authority.certificate)", settings: "")
        #expect(isServed(daemon, try authority.issue("good"), version))
        #expect(isServed(daemon, try authority.issue("rsa", kind: .rsa), version))
        #expect(daemon.lines("tls_failed").isEmpty)

        let refusals: [(leaf: Certificates.Leaf?, reason: String, alert: String)] = [
            (nil, "peer_did_not_return_a_certificate", version == .tls13 ? "certificate_required" : "handshake_failure"),
            (try TestAuthority().issue("foreign"), "unable_to_get_local_issuer_certificate", "unknown_ca"),
            (try authority.issue("expired", days: -1), "certificate_has_expired", "certificate_expired"),
            (try authority.issue("server", usage: "serverAuth"), "unsuitable_certificate_purpose", "unsupported_certificate"),
            (try Certificates.shared().misfit(.selfSigned), "self-signed_certificate", "unknown_ca"),
        ]
        for (number, refusal) in refusals.enumerated() {
            #expect(!isServed(daemon, refusal.leaf, version), "\(refusal.reason)")
            #expect(daemon.log.wait(seconds: 30) { $0.filter { $0.event == "tls_failed" }.count == number + 1 })
            let line = try #require(daemon.lines("tls_failed").last)
            #expect(line.reason == refusal.reason)
            #expect(line["alert"] == refusal.alert, "\(line)")
        }
        #expect(try upstream.waitForRequests(2).count == 2)
    }

    @Test("a connection from before certificates were demanded ends with its next answer")
    func demandedLater() throws {
        let authority = try TestAuthority()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, tlsSettings: "minimum_version: \"1.2\"", settings: "")
        let open = try RawClient(to: daemon)
        #expect(try open.exchange(Self.get)["connection"] == nil)
        try daemon.rewriteConfiguration("minimum_version: \"1.2\"", "client_ca: \(authority.certificate)")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try open.exchange(Self.get)["connection"] == "close")
        #expect(open.receiveToEnd().ending == .closeNotify)
        let good = try client(daemon, authority.issue("good"), .tls13)
        #expect(try good.exchange(Self.get)["connection"] == nil)
        // Another reload that asks for the same leaves it alone.
        #expect(try daemon.reload().event == "reloaded")
        #expect(try good.exchange(Self.get)["connection"] == nil)
    }

    @Test("a listener may ask for its own authority, and then asks for no other", arguments: TLSClientContext.Version.allCases)
    func perListener(version: TLSClientContext.Version) throws {
        let (common, own) = (try TestAuthority(), try TestAuthority())
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, listenSettings: "client_ca: \(own.certificate)", tlsSettings: "client_ca: \(common.certificate)",
            settings: "")
        #expect(isServed(daemon, try own.issue("own"), version))
        #expect(!isServed(daemon, try common.issue("common"), version))
    }

    @Test("a ticket of an open listener is worth nothing where a certificate is demanded", arguments: TLSClientContext.Version.allCases)
    func ticketOfAnother(version: TLSClientContext.Version) throws {
        let authority = try TestAuthority()
        let upstream = try ScriptedUpstream(.echo)
        // Both listeners of one process share the keys of their tickets.
        let daemon = try Daemon(
            upstream: upstream.url,
            listenSettings: "client_ca: \(authority.certificate)\n  - {address: \"127.0.0.5:0\"}", settings: "")
        let open = try #require(daemon.started["listeners"]?.split(separator: ":").last.flatMap { UInt16($0) })
        let context = try TLSClientContext(version: version, address: "127.0.0.1")
        let visitor = try RawClient(port: open, host: "127.0.0.5", security: .customTLS(context))
        #expect(try visitor.exchange(Self.get).status == 200)
        let ticket = try #require(visitor.session?.ticket)
        let again = try RawClient(port: open, host: "127.0.0.5", security: .customTLS(context, ticket))
        #expect(try again.exchange(Self.get).status == 200)
        #expect(again.session?.isResumed == true)
        let next = try #require(again.session?.ticket)
        #expect((try? RawClient(to: daemon, security: .customTLS(context, next)).exchange(Self.get).status) == nil)
        #expect(try daemon.waitForLine(event: "tls_failed").reason == "peer_did_not_return_a_certificate")
    }

    @Test("who has shown a certificate shows it again with the next connection", arguments: TLSClientContext.Version.allCases)
    func noResumption(version: TLSClientContext.Version) throws {
        let authority = try TestAuthority()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, tlsSettings: "client_ca: \(authority.certificate)", settings: "")
        let leaf = try authority.issue("good")
        let first = try client(daemon, leaf, version)
        #expect(try first.exchange(Self.get).status == 200)
        let ticket = try #require(first.session?.ticket)
        let second = try client(daemon, leaf, version, ticket: ticket)
        #expect(try second.exchange(Self.get).status == 200)
        #expect(second.session?.isResumed == false)
        #expect((try? client(daemon, nil, version, ticket: ticket).exchange(Self.get).status) == nil)
    }

    @Test(
        "a certificate on the authority's revocation list is refused, and a newer list is taken as it comes",
        arguments: TLSClientContext.Version.allCases)
    func revoked(version: TLSClientContext.Version) throws {
        let authority = try TestAuthority()
        let (good, lost) = (try authority.issue("good"), try authority.issue("lost"))
        let folder = try TemporaryFolder()
        let list = folder.file("crl.pem")
        func publish(_ path: String) throws {
            try FileManager.default.copyItem(atPath: path, toPath: list + ".new")
            #expect(unsafe rename(list + ".new", list) == 0)
        }
        try publish(authority.revocationList(of: []))
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, tlsSettings: "client_ca: \(authority.certificate)\n  client_crl: \(list)", settings: "")
        #expect(isServed(daemon, good, version) && isServed(daemon, lost, version))

        let open = try client(daemon, lost, version)
        #expect(try open.exchange(Self.get)["connection"] == nil)
        try publish(authority.revocationList(of: [lost]))
        try daemon.waitForLine(event: "reloaded")
        #expect(try open.exchange(Self.get)["connection"] == "close")
        #expect(isServed(daemon, good, version) && !isServed(daemon, lost, version))
        let line = try daemon.waitForLine(event: "tls_failed")
        #expect(line.reason == "certificate_revoked" && line["alert"] == "certificate_revoked", "\(line)")
    }

    @Test("a revocation list that has run out lets nobody in, and check says so")
    func listRanOut() throws {
        let authority = try TestAuthority()
        let list = try authority.revocationList(of: [], hasRunOut: true)
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(
            upstream: upstream.url, tlsSettings: "client_ca: \(authority.certificate)\n  client_crl: \(list)", settings: "")
        #expect(!isServed(daemon, try authority.issue("good"), .tls13))
        #expect(try daemon.waitForLine(event: "tls_failed").reason == "CRL_has_expired")
        let run = try Daemon.run(["check", "--config", daemon.configuration])
        #expect(run.output.contains("tls.client_crl: ") && run.output.contains("ran out on 2020-02-01"), "\(run)")
    }

    @Test("curl shows its certificate")
    func curl() throws {
        let authority = try TestAuthority()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, tlsSettings: "client_ca: \(authority.certificate)", settings: "")
        let leaf = try authority.issue("curl")
        #expect(try Curl(["--cert", leaf.certificate, "--key", leaf.key, daemon.url]).status == 200)
        let without = try Curl([daemon.url])
        #expect(without.exitCode != 0)
        #expect(without.status == 0)
    }

    @Test("openssl is told which authorities are asked for")
    func namesOfAuthorities() throws {
        let authority = try TestAuthority()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, tlsSettings: "client_ca: \(authority.certificate)", settings: "")
        let said = try OpenSSLClient.run(port: daemon.port, [])
        #expect(said.contains("Another authority"))
    }
}
