import CTLS
import Foundation
import Testing

@testable import Gatekeeper

@Suite("A key that signs")
struct SigningKeyTests {
    private let files = Result { try TestCertificates.shared() }

    @Test("is the same after it was written and read, and its signatures are 64 bytes that OpenSSL takes")
    func roundTrip() throws {
        for number in 1...20 {
            let key = try SigningKey()
            let pem = try key.pem()
            #expect(pem.starts(with: "-----BEGIN PRIVATE KEY-----".utf8))
            let path = try files.get().write(String(decoding: pem, as: UTF8.self), to: "signing-key.pem")
            let read = try SigningKey(path: path)
            #expect(read.x == key.x && read.y == key.y && key.x.count == 32 && key.y.count == 32)
            let message = Array("message \(number)".utf8)
            let signature = try read.signature(of: message)
            #expect(signature.count == 64 && isRight(signature, message, key))
            #expect(!isRight(signature, message + [0], key))
        }
    }

    private func isRight(_ signature: [UInt8], _ message: [UInt8], _ key: SigningKey) -> Bool {
        guard let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1), let point = unsafe EC_KEY_new() else { return false }
        defer {
            unsafe EC_KEY_free(point)
            unsafe EC_GROUP_free(group)
        }
        let x = unsafe BN_bin2bn(key.x, 32, nil)
        let y = unsafe BN_bin2bn(key.y, 32, nil)
        defer {
            unsafe BN_free(x)
            unsafe BN_free(y)
        }
        let numbers = unsafe ECDSA_SIG_new()
        defer { unsafe ECDSA_SIG_free(numbers) }
        unsafe ECDSA_SIG_set0(numbers, BN_bin2bn(signature, 32, nil), BN_bin2bn(Array(signature[32...]), 32, nil))
        unsafe EC_KEY_set_group(point, group)
        guard unsafe EC_KEY_set_public_key_affine_coordinates(point, x, y) == 1 else { return false }
        return unsafe ECDSA_do_verify(Fingerprint.digest(of: message), 32, numbers, point) == 1
    }

    @Test("a file that holds none on P-256 is refused by name")
    func others() throws {
        let files = try files.get()
        for (text, words) in [("", "is empty"), ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "can't be read")] {
            let path = try files.write(text, to: "no-key.pem")
            #expect { try SigningKey(path: path) } throws: { "\($0)".contains(path) && "\($0)".contains(words) }
        }
        let path = files.path("rsa-key.pem")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "genpkey", "-algorithm", "RSA", "-out", path, "-quiet"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect { try SigningKey(path: path) } throws: { "\($0)" == "key \(path) is no key on P-256" }
    }

    @Test("asks for a certificate for names and addresses, however many")
    func request() throws {
        let names = ["tickets.example.org", "*.example.org", "192.0.2.1", "2001:db8::1"]
        for names in [names, (0..<100).map { "host-\($0).example.org" }] {
            let der = try SigningKey().certificateRequest(for: names)
            let request = unsafe der.withUnsafeBufferPointer { buffer in
                var cursor = unsafe buffer.baseAddress
                return unsafe d2i_X509_REQ(nil, &cursor, buffer.count)
            }
            let asked = try unsafe #require(request)
            defer { unsafe X509_REQ_free(asked) }
            #expect(unsafe X509_REQ_verify(asked, X509_REQ_get0_pubkey(asked)) == 1)
            let extensions = unsafe X509_REQ_get_extensions(asked)
            let certificate = try unsafe #require(X509_new())
            defer { unsafe X509_free(certificate) }
            unsafe X509_add_ext(certificate, OpaquePointer(OPENSSL_sk_value(extensions, 0)), -1)
            #expect(unsafe CertificateNames.read(certificate) == names)
        }
    }

    @Test("base64 of URLs has no padding and two other digits")
    func base64() {
        #expect(Base64.encodeForURL([]) == "" && Base64.encodeForURL([0xfb, 0xff]) == "-_8" && Base64.encodeForURL([1, 2, 3]) == "AQID")
    }

    @Test("HMAC with SHA-256 is that of RFC 4231, as bytes")
    func authentication() {
        let code = MessageAuthentication.code(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(code.prefix(4) == [0x5b, 0xdc, 0xc1, 0x46])
    }
}
