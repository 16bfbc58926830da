import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What is wrong with a certificate")
struct CertificateCheckTests {
    private static let day: Int64 = 86_400_000

    /// Of the tests' own certificate for localhost, as it will be found then.
    private func findings(daysBeforeItsEnd days: Double) throws -> [Diagnostic] {
        let path = try Certificates.shared().leaf(.ecdsa).certificate
        let chain = try CertificateChain(path: path)
        let now = chain.leaf.end.advanced(byMilliseconds: -Int64(days * Double(Self.day)))
        return CertificateCheck(path: path, chain: chain, origin: .commandLine, key: "tls.certificate").findings(at: now)
            .filter { !$0.message.contains("this system doesn't know") }
    }

    @Test("from its end on, and before its beginning, it is an error")
    func invalid() throws {
        for (days, words) in [(0.0, "expired on"), (-30, "expired on"), (3, "is not valid before"), (400, "is not valid before")] {
            let findings = try findings(daysBeforeItsEnd: days)
            #expect(findings.count == 1 && findings[0].severity == .error, "\(findings)")
            #expect(findings[0].message.contains(words), "\(findings)")
        }
    }

    @Test("within three weeks of its end it is a warning")
    func soon() throws {
        // It is for two days, of which a bit has passed.
        for days in [0.00002, 1, 1.9] {
            let findings = try findings(daysBeforeItsEnd: days)
            #expect(findings.count == 1 && findings[0].severity == .warning && findings[0].message.contains("expires in"), "\(findings)")
        }
    }

    @Test("one that is good for longer is fine")
    func fine() throws {
        let path = try TestAuthority.common().issue("long", names: ["a.example", "b.example"], days: 22).certificate
        let chain = try CertificateChain(path: path)
        let now = WallTime(milliseconds: chain.leaf.startsAtUnixSeconds * 1000)
        let check = CertificateCheck(path: path, chain: chain, origin: .commandLine, key: "tls.certificate")
        #expect(check.findings(at: now).allSatisfy { $0.message.contains("this system doesn't know") })
        #expect(
            !check.findings(at: now.advanced(byMilliseconds: 2 * Self.day)).allSatisfy { $0.message.contains("this system doesn't know") })
        #expect(chain.leaf.names == ["a.example", "b.example"] && chain.leaf.subject == "CN=long")
        #expect(chain.leaf.issuer == "CN=Test authority" && !chain.leaf.isSelfSigned && chain.leaf.fingerprint.utf8.count == 64)
    }

    @Test("a file without a certificate can't be read")
    func nonsense() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ServerError.self) { try CertificateChain(path: folder.file("missing")) }
        #expect(throws: ServerError.self) { try CertificateChain(path: folder.write("nonsense", to: "nonsense.pem")) }
        #expect(throws: ServerError.self) { try CertificateChain(path: Certificates.shared().leaf(.ecdsa).key) }
    }
}
