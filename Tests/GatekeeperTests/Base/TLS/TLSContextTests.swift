import Foundation
import Testing

@testable import Gatekeeper

struct TLSContextTests {
    private func complaint(certificate: String, key: String) throws -> String {
        let error = #expect(throws: TLSSetupError.self) {
            _ = try TestCertificates.makeContext(Settings.TLS(certificatePath: certificate, keyPath: key))
        }
        return try #require(error).description
    }

    @Test("a certificate with its key is served")
    func good() throws {
        _ = try TestCertificates.makeContext()
        _ = try TestCertificates.makeContext(minimumVersion: .tls13)
    }

    @Test("a certificate file that isn't there is named, with the reason")
    func missingCertificate() throws {
        let files = try TestCertificates.shared()
        let path = files.path("missing.pem")
        let complaint = try complaint(certificate: path, key: files.key)
        #expect(complaint == "certificate \(path) can't be loaded: No such file or directory")
    }

    @Test("a key file that isn't there is named, with the reason")
    func missingKey() throws {
        let files = try TestCertificates.shared()
        let path = files.path("missing-key.pem")
        let complaint = try complaint(certificate: files.certificate, key: path)
        #expect(complaint == "key \(path) can't be loaded: No such file or directory")
    }

    @Test("a key that belongs to another certificate is said to, with what to look at")
    func mismatch() throws {
        let files = try TestCertificates.shared()
        let complaint = try complaint(certificate: files.certificate, key: files.otherKey)
        #expect(
            complaint
                == "key \(files.otherKey) does not belong to certificate \(files.certificate); check that both come from the same renewal")
    }

    @Test("files that hold something else are said not to load", arguments: ["", "no PEM\n", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
    func garbage(text: String) throws {
        let files = try TestCertificates.shared()
        let path = try files.write(text, to: "garbage-\(text.utf8.count).pem")
        let certificate = try complaint(certificate: path, key: files.key)
        #expect(certificate.hasPrefix("certificate \(path) can't be loaded: "))
        let key = try complaint(certificate: files.certificate, key: path)
        #expect(key.hasPrefix("key \(path) can't be loaded: "))
        for complaint in [certificate, key] { #expect(isOneSentence(complaint), "\(complaint)") }
    }

    @Test("a certificate in the place of the key, and a key in the place of the certificate, are said not to load")
    func exchanged() throws {
        let files = try TestCertificates.shared()
        let certificate = try complaint(certificate: files.key, key: files.certificate)
        #expect(certificate.hasPrefix("certificate \(files.key) can't be loaded: "))
        let key = try complaint(certificate: files.certificate, key: files.certificate)
        #expect(key.hasPrefix("key \(files.certificate) can't be loaded: "))
        for complaint in [certificate, key] { #expect(isOneSentence(complaint), "\(complaint)") }
    }

    @Test("a failure leaves nothing in the queue that the next session would take for its own")
    func queue() throws {
        let files = try TestCertificates.shared()
        _ = try complaint(certificate: files.path("missing.pem"), key: files.key)
        #expect(TLSErrorQueue.drainFirst() == nil)
        _ = try complaint(certificate: files.certificate, key: files.otherKey)
        #expect(TLSErrorQueue.drainFirst() == nil)
        #expect(TLSErrorQueue.drain() == "no reason given")
    }

    /// A reason in words, on one line: no bare code, no dump of OpenSSL's.
    private func isOneSentence(_ text: String) -> Bool {
        guard let reason = text.components(separatedBy: "can't be loaded: ").last else { return false }
        return !text.contains("\n") && !reason.isEmpty && !reason.hasPrefix("error ") && reason.contains(where: \.isLetter)
    }
}
