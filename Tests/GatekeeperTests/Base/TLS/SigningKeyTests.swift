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
        // SubjectPublicKeyInfo of a key on P-256 (RFC 5480), up to the coordinates.
        let head: [UInt8] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
            0x01,
            0x07, 0x03, 0x42, 0x00, 0x04,
        ]
        let der = head + key.x + key.y
        let handle = unsafe der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe d2i_PUBKEY(nil, &cursor, buffer.count)
        }
        guard let handle = unsafe handle, let context = unsafe EVP_MD_CTX_new() else { return false }
        defer {
            unsafe EVP_MD_CTX_free(context)
            unsafe EVP_PKEY_free(handle)
        }
        let numbers = Self.integer(signature[..<32]) + Self.integer(signature[32...])
        let sealed = [0x30, UInt8(numbers.count)] + numbers
        guard unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, handle) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, sealed, sealed.count, message, message.count) == 1
    }

    /// Of DER.
    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        let body = (digits.first ?? 0x80) >= 0x80 ? [0] + digits : digits
        return [0x02, UInt8(body.count)] + body
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
                var cursor = buffer.baseAddress
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
