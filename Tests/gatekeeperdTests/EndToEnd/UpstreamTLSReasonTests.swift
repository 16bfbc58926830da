import Foundation
import Testing

@Suite("A ticket system whose TLS we can't speak: each cause has a word")
struct UpstreamTLSReasonTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// `openssl s_server` with these options, and the daemon in front of it; the reason of a request's line, its status, and what check says.
    private func meet(
        _ options: [String], leaf: Certificates.Leaf? = nil, settings: String = ""
    ) throws -> (reason: String?, status: Int?, check: String) {
        let leaf = try leaf ?? Certificates.shared().leaf(.rsa)
        let folder = try TemporaryFolder()
        let log = try OpenFile(creating: folder.file("log"))
        let reservation = try PortReservation()
        let port = reservation.port
        let server = try ChildProcess(
            "openssl",
            ["s_server", "-accept", "127.0.0.1:\(port)", "-cert", leaf.certificate, "-key", leaf.key, "-www", "-quiet"] + options,
            output: log, errors: log)
        try server.waitUntilListening(on: port) { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }
        let daemon = try Daemon(
            upstream: "https://127.0.0.1:\(port)", settings: "timeouts: {connect: 10s}",
            upstreamLines: ["ca: \(Certificates.shared().authority)"] + (settings.isEmpty ? [] : [settings]))
        let status = try RawClient(to: daemon).exchange(Self.get).status
        let reason = try daemon.waitForLine(event: "request")["reason"]
        let check = try Daemon.run(["check", "--config", daemon.configuration]).output
        server.signal(SIGTERM)
        return (reason, status, check)
    }

    @Test("old versions, other ciphers, a curve that nobody has, a name that isn't known")
    func reasons() throws {
        for (options, reason, words) in [
            (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "upstream_tls_version", "turn TLS 1.2 on there"),
            (["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"], "upstream_tls_cipher", "allow ECDHE with AES-GCM"),
            (["-groups", "secp521r1"], "upstream_tls_cipher", "allow ECDHE"),
        ] {
            let met = try meet(options)
            #expect(met.status == 502 && met.reason == reason, "\(options): \(met)")
            #expect(met.check.contains("does not answer: \(reason): ") && met.check.contains(words), "\(met.check)")
        }
    }

    @Test("a certificate that isn't for servers, or is signed as nobody signs any more")
    func certificates() throws {
        let authority = try TestAuthority.common()
        let names = "subjectAltName=IP:127.0.0.1\n"
        let client = try authority.issue("client only", extensions: names + "extendedKeyUsage=clientAuth\n")
        #expect(try meet([], leaf: client).reason == "upstream_certificate_purpose")
        let old = try authority.issue("sha1", extensions: names, digest: "-sha1")
        #expect(try meet(["-cipher", "DEFAULT:@SECLEVEL=0"], leaf: old).reason == "upstream_certificate_weak")
    }

    @Test("a name that stands in the subject alone is none")
    func commonName() throws {
        let leaf = try TestAuthority.common().issue(
            "subject", extensions: "basicConstraints=CA:FALSE\n", subject: "/CN=localhost")
        let met = try meet([], leaf: leaf, settings: "server_name: localhost")
        #expect(met.reason == "upstream_certificate_name", "\(met)")
        #expect(met.check.contains("not for localhost") && met.check.contains("a common name without a subjectAltName is none"))
    }
}
