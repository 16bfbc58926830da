import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What is wrong with a certificate")
struct CertificateCheckTests {
    private static let day: Int64 = 86_400_000

    /// Of the tests' own certificate for localhost, as it will be found then.
    private func faults(daysBeforeItsEnd days: Double) throws -> [CertificateFault] {
        let path = try Certificates.shared().leaf(.ecdsa).certificate
        let chain = try CertificateChain(path: path)
        let now = chain.leaf.end.advanced(byMilliseconds: -Int64(days * Double(Self.day)))
        return CertificateCheck(path: path, chain: chain).faults(at: now).filter { $0.kind != .unknownIssuer }
    }

    @Test("from its end on, and before its beginning, it is an error")
    func invalid() throws {
        for (days, words) in [(0.0, "expired on"), (-30, "expired on"), (3, "is not valid before"), (400, "is not valid before")] {
            let faults = try faults(daysBeforeItsEnd: days)
            #expect(faults.count == 1 && faults[0].isError, "\(faults)")
            #expect(faults[0].message.contains(words), "\(faults)")
        }
    }

    @Test("within three weeks of its end it is a warning")
    func soon() throws {
        // It is for two days, of which a bit has passed.
        for days in [0.00002, 1, 1.9] {
            let faults = try faults(daysBeforeItsEnd: days)
            #expect(faults.count == 1 && faults[0].kind == .expiring && faults[0].message.contains("expires in"), "\(faults)")
            let diagnostic = faults[0].diagnostic(.commandLine, at: "tls.certificate")
            #expect(diagnostic.severity == .warning && diagnostic.message.hasPrefix("tls.certificate: "))
        }
    }

    @Test("one that is good for longer is fine")
    func fine() throws {
        let path = try TestAuthority.common().issue("long", names: ["a.example", "b.example"], days: 22).certificate
        let chain = try CertificateChain(path: path)
        let now = WallTime(milliseconds: chain.leaf.startsAtUnixSeconds * 1000)
        let check = CertificateCheck(path: path, chain: chain)
        #expect(check.faults(at: now).map(\.kind) == [.unknownIssuer])
        #expect(check.faults(at: now.advanced(byMilliseconds: 2 * Self.day)).map(\.kind) == [.unknownIssuer, .expiring])
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
