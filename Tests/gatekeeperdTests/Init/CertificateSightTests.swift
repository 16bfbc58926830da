import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What init says of a certificate")
struct CertificateSightTests {
    private func sight(_ path: String, name: String? = nil) -> InitSight { CertificateSight(path: path, name: name, now: .now()).sight }

    @Test("one that isn't there is told with how certbot gets it for that name")
    func absent() {
        let seen = sight("/nowhere/fullchain.pem", name: "desk.example.org")
        #expect(seen.isDoubtful && seen.lines[0] == "/nowhere/fullchain.pem isn't there.")
        #expect(seen.lines.contains("    certbot certonly --standalone -d desk.example.org"))
        #expect(seen.lines.contains("    install -m 640 -g gatekeeper KEY /nowhere/privkey.pem"))
        #expect(seen.lines.contains { $0.contains("type order:") })
        let key = CertificateSight(path: "/nowhere/fullchain.pem", now: .now())
        #expect(key.sight(ofKey: "/nowhere/privkey.pem").isDoubtful)
    }

    @Test("a good one is told by its names, issuer and end, and that its key fits")
    func good() throws {
        let leaf = try Certificates.shared().leaf(.ecdsa)
        for name in [nil, "localhost", "127.0.0.1"] {
            let seen = sight(leaf.certificate, name: name)
            #expect(!seen.isDoubtful && seen.lines[0].hasPrefix("It is for localhost 127.0.0.1"), "\(seen.lines)")
            #expect(seen.lines[0].contains("good for 1d"))
        }
        let seen = CertificateSight(path: leaf.certificate, now: .now()).sight(ofKey: leaf.key)
        #expect(seen == InitSight(lines: ["It is the certificate's."]))
    }

    @Test("another name, an end that is over, another's key and what is no certificate are doubts")
    func doubts() throws {
        let certificates = try Certificates.shared()
        let leaf = certificates.leaf(.ecdsa)
        let other = sight(leaf.certificate, name: "desk.example.org")
        #expect(other.isDoubtful && other.lines.contains { $0.hasPrefix("It isn't for desk.example.org") })
        let expired = sight(certificates.misfit(.expired).certificate)
        #expect(expired.isDoubtful && expired.lines.contains { $0.contains("expired on") })
        #expect(sight(leaf.key).isDoubtful)
        let key = CertificateSight(path: leaf.certificate, now: .now()).sight(ofKey: certificates.leaf(.rsa).key)
        #expect(key.isDoubtful && key.lines.count == 1, "\(key.lines)")
    }
}
