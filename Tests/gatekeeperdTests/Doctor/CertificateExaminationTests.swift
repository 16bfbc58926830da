import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Would a vendor's client trust the certificate?")
struct CertificateExaminationTests {
    private func examine(_ faults: [CertificateFault.Kind], obstacle: String? = nil, served: String? = "aa") -> [ExaminationFinding] {
        let file = CertificateExamination.File(
            path: "chain.pem", obstacle: obstacle, faults: faults.map { CertificateFault(kind: $0, message: "\($0)") },
            fingerprint: "aa", summary: "all is well")
        return CertificateExamination(
            files: [file], served: served.map { [ServiceState.Certificate(file: "chain.pem", fingerprint: $0)] }
        ).findings
    }

    @Test("a chain without a fault that is the one in force is well")
    func well() {
        #expect(examine([]) == [.ok(.certificate, "all is well")])
        #expect(examine([], served: nil) == [.ok(.certificate, "all is well")])
    }

    @Test(
        "what makes clients turn away is a finding, with what to do",
        arguments: [CertificateFault.Kind.nameless, .outOfOrder, .selfSigned, .unknownIssuer, .expired, .expiring])
    func faults(kind: CertificateFault.Kind) {
        let findings = examine([kind])
        #expect(findings.map(\.severity) == [.wrong] && findings[0].seen == "\(kind)" && findings[0].advice != nil)
    }

    @Test("a root too many is a note; what isn't valid yet is the clock's to tell")
    func others() {
        #expect(examine([.rootIncluded]).map(\.severity) == [.note])
        #expect(examine([.notYetValid]).map(\.severity) == [.ok])
    }

    @Test("a file that was replaced and isn't in force is a finding")
    func outdated() {
        let findings = examine([], served: "bb")
        #expect(findings.map(\.severity) == [.wrong])
        #expect(findings[0].seen == "the service still shows another certificate than the one that is in chain.pem now")
    }

    @Test("that another certificate is served is seen where the service tells its path as the configuration has it")
    func concealed() {
        ConcealedValues.remember("/srv/zaunkoenig", as: "${PLACE}")
        let file = CertificateExamination.File(path: "/srv/zaunkoenig/chain.pem", fingerprint: "aa", summary: "all is well")
        func findings(_ fingerprint: String) -> [ExaminationFinding] {
            CertificateExamination(
                files: [file], served: [ServiceState.Certificate(file: "${PLACE}/chain.pem", fingerprint: fingerprint)]
            ).findings
        }
        #expect(findings("bb").map(\.severity) == [.wrong] && findings("aa").map(\.severity) == [.ok])
    }

    @Test("what can't be loaded is a finding in the loader's words")
    func obstacle() {
        #expect(examine([], obstacle: "key k.pem does not belong to it").map(\.seen) == ["key k.pem does not belong to it"])
    }

    @Test("a file is read with its faults, its fingerprint, and whether its key belongs to it")
    func file() throws {
        let leaf = try TestAuthority.common().issue("examined", names: ["a.example"], days: 90)
        let other = try Certificates.shared().leaf(.ecdsa)
        let upstream = Settings.Upstream(endpoint: .unix("/x"), name: "x")
        let settings = Settings(
            listeners: [], tls: Settings.TLS(certificatePath: leaf.certificate, keyPath: leaf.key), allow: [], upstream: upstream)
        let dryRun = try DryRun(settings)
        let good = CertificateExamination.File(settings.tls.certificates[0], dryRun, at: .now())
        #expect(good.obstacle == nil && good.faults.map(\.kind) == [.unknownIssuer] && good.fingerprint.utf8.count == 64)
        #expect(good.summary.contains("is for a.example, complete, and good until 20"))
        let mixed = CertificateExamination.File(
            Settings.TLS.Certificate(path: leaf.certificate, keyPath: other.key), dryRun, at: .now())
        #expect(mixed.obstacle?.contains("does not belong to") == true)
        let missing = CertificateExamination.File(Settings.TLS.Certificate(path: "/nowhere.pem", keyPath: other.key), dryRun, at: .now())
        #expect(missing.obstacle != nil && missing.fingerprint.isEmpty)
    }
}
