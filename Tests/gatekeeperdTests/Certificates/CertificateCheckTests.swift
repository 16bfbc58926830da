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

    @Test("in the last quarter of its time it is a warning")
    func soon() throws {
        // It is for two days.
        for days in [0.00002, 0.3, 0.49] {
            let faults = try faults(daysBeforeItsEnd: days)
            #expect(faults.count == 1 && faults[0].kind == .expiring && faults[0].message.contains("expires in"), "\(faults)")
            let finding = faults[0].finding(.commandLine, at: "tls.certificate")
            #expect(finding.severity == .warning && finding.message.hasPrefix("tls.certificate: "))
        }
    }

    @Test("one that is good for longer is fine")
    func fine() throws {
        let path = try TestAuthority.common().issue("long", names: ["a.example", "b.example"], days: 100).certificate
        let chain = try CertificateChain(path: path)
        let now = WallTime(milliseconds: chain.leaf.startsAtUnixSeconds * 1000)
        let check = CertificateCheck(path: path, chain: chain)
        #expect(check.faults(at: now).map(\.kind) == [.unknownIssuer])
        #expect(check.faults(at: now.advanced(byMilliseconds: 78 * Self.day)).map(\.kind) == [.unknownIssuer])
        #expect(check.faults(at: now.advanced(byMilliseconds: 80 * Self.day)).map(\.kind) == [.unknownIssuer, .expiring])
        #expect(chain.leaf.names == ["a.example", "b.example"] && chain.leaf.subject == "CN=long")
        #expect(chain.leaf.issuer == "CN=Test authority" && !chain.leaf.isSelfSigned && chain.leaf.fingerprint.utf8.count == 64)
    }

    @Test("a leaf that clients refuse is told by what they refuse it for")
    func leaves() throws {
        let authority = try TestAuthority.common()
        let named = "subjectAltName=DNS:a.example\n"
        for (name, extensions, newKey, kinds) in [
            ("good", named + "extendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n", nil, []), ("bare", named, nil, []),
            ("client", named + "extendedKeyUsage=clientAuth\n", nil, [.wrongPurpose]),
            ("signs", named + "keyUsage=keyEncipherment\n", ["-newkey", "rsa:2048"], [.wrongPurpose]),
            ("authority", named + "basicConstraints=critical,CA:TRUE\n", nil, [.wrongPurpose]),
            ("staple", named + "tlsfeature=status_request\n", nil, [.mustStaple]),
            ("number", named + "1.3.6.1.5.5.7.1.24=DER:30:03:02:01:05\n", nil, [.mustStaple]),
            ("nameless", "basicConstraints=CA:FALSE\n", nil, [.nameless]), ("small", named, ["-newkey", "rsa:1024"], [.weakKey]),
            ("edwards", named, ["-newkey", "ed25519"], [.unusualKey]),
        ] as [(String, String, [String]?, [CertificateFault.Kind])] {
            let path = try authority.issue(name, extensions: extensions, newKey: newKey).certificate
            let chain = try CertificateChain(path: path)
            let faults = CertificateCheck(path: path, chain: chain).faults(at: chain.leaf.start).filter { $0.kind != .unknownIssuer }
            #expect(faults.map(\.kind) == kinds, "\(name): \(faults)")
            #expect(faults.allSatisfy { !$0.isError && $0.message.contains(path) })
        }
        let old = try authority.issue("old", extensions: named, digest: "-sha1").certificate
        let chain = try CertificateChain(path: old)
        #expect(CertificateCheck(path: old, chain: chain).faults(at: chain.leaf.start).contains { $0.kind == .weakSignature })
        #expect(chain.leaf.key.text == "EC P-256" && !chain.leaf.isAuthority)
    }

    @Test("of two certificates for a name with the same kind of key the second is told; an RSA and an ECDSA one serve together")
    func doubles() throws {
        let authority = try TestAuthority.common()
        func check(_ name: String, _ names: [String], _ kind: Certificates.Kind) throws -> CertificateCheck {
            let path = try authority.issue(name, names: names, kind: kind).certificate
            return CertificateCheck(path: path, chain: try CertificateChain(path: path))
        }
        let checks = [
            try check("first", ["a.example"], .ecdsa), nil, try check("rsa", ["a.example"], .rsa),
            try check("other", ["b.example"], .ecdsa),
            try check("second", ["c.example", "A.example"], .ecdsa),
        ]
        let doubles = CertificateCheck.doubles(among: checks)
        #expect(doubles.map { $0?.kind } == [nil, nil, nil, nil, .doubled])
        #expect(doubles[4]?.message.contains("is for a.example as") == true)
    }

    @Test("a file without a certificate can't be read")
    func nonsense() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ServerError.self) { try CertificateChain(path: folder.file("missing")) }
        #expect(throws: ServerError.self) { try CertificateChain(path: folder.write("nonsense", to: "nonsense.pem")) }
        #expect(throws: ServerError.self) { try CertificateChain(path: Certificates.shared().leaf(.ecdsa).key) }
    }
}
