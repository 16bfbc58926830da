import CTLS
import Testing

@testable import Gatekeeper

struct ChallengeCertificateTests {
    /// DER of the extension of this number, and whether it is critical.
    @safe private func value(of identifier: String, in challenge: ChallengeCertificate) throws -> (isCritical: Bool, bytes: [UInt8]) {
        // SAFETY: the certificate is held for as long as it is looked at, and the object is freed here.
        let object = unsafe OBJ_txt2obj(identifier, 1)
        defer { unsafe ASN1_OBJECT_free(object) }
        let pointer = unsafe challenge.certificate.pointer
        let index = unsafe X509_get_ext_by_OBJ(pointer, object, -1)
        try #require(index >= 0, "no \(identifier)")
        #expect(unsafe X509_get_ext_by_OBJ(pointer, object, index) == -1)
        let found = unsafe X509_get_ext(pointer, index)
        let data = unsafe X509_EXTENSION_get_data(found)
        let (bytes, count) = unsafe (ASN1_STRING_get0_data(data), Int(ASN1_STRING_length(data)))
        return (unsafe X509_EXTENSION_get_critical(found) == 1, unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
    }

    @Test(
        "has the digest in a critical extension, one name, two days, and its own signature",
        arguments: ["a.example", "192.0.2.9", "2001:db8::9"])
    func content(name: String) throws {
        let digest = (0..<32).map { UInt8($0 * 7) }
        let challenge = try ChallengeCertificate(name: name, digest: digest, library: TestCertificates.makeLibrary())
        let proof = try value(of: "1.3.6.1.5.5.7.1.31", in: challenge)
        #expect(proof.isCritical && proof.bytes == [4, 32] + digest)
        let names = try value(of: "2.5.29.17", in: challenge).bytes
        let expected: [UInt8] =
            switch name {
            case "192.0.2.9": [0x30, 6, 0x87, 4, 192, 0, 2, 9]
            case "2001:db8::9": [0x30, 18, 0x87, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
            default: [0x30, 11, 0x82, 9] + Array(name.utf8)
            }
        #expect(names == expected)
        let pointer = unsafe challenge.certificate.pointer
        #expect(unsafe X509_get_ext_count(pointer) == 2)
        #expect(unsafe X509_verify(pointer, X509_get0_pubkey(pointer)) == 1)
        #expect(unsafe X509_NAME_cmp(X509_get_subject_name(pointer), X509_get_issuer_name(pointer)) == 0)
        #expect(unsafe X509_cmp_current_time(X509_get0_notBefore(pointer)) < 0)
        #expect(unsafe X509_cmp_current_time(X509_get0_notAfter(pointer)) > 0)
        ERR_clear_error()
    }

    @Test("a long name has its length in as many bytes as DER wants")
    func long() throws {
        for length in [125, 126, 127, 128, 200, 253] {
            let name = String(repeating: "a", count: length)
            let challenge = try ChallengeCertificate(name: name, digest: ChallengePeer.digest, library: TestCertificates.makeLibrary())
            // OpenSSL reads what we wrote.
            #expect(unsafe X509_check_host(challenge.certificate.pointer, name, length, 0, nil) == 1, "\(length)")
        }
        ERR_clear_error()
    }

    @Test("isn't made for what is no name, nor of what is no digest")
    func refused() throws {
        let library = try TestCertificates.makeLibrary()
        for name in ["", "a b", "a\0b", "ä.example", String(repeating: "a", count: 254)] {
            #expect(throws: TLSSetupError.self) { try ChallengeCertificate(name: name, digest: ChallengePeer.digest, library: library) }
        }
        for count in [0, 31, 33] {
            #expect(throws: TLSSetupError.self) {
                try ChallengeCertificate(name: "a.example", digest: [UInt8](repeating: 0, count: count), library: library)
            }
        }
    }

    @Test("an address is asked for by its reverse name")
    func reverse() throws {
        #expect(try PeerAddress(parsing: "192.0.2.9").reverseName == "9.2.0.192.in-addr.arpa")
        #expect(
            try PeerAddress(parsing: "2001:db8::567:89ab").reverseName
                == "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
    }
}
