import CTLS
import Foundation

@testable import Gatekeeper
@testable import gatekeeperd

/// An authority's key: checks signatures and requests as an authority does, and signs certificates for any lifetime.
@safe final class TestIssuer: @unchecked Sendable {
    private let key: OpaquePointer
    private let identifier = (0..<20).map { UInt8($0) }
    /// Begins with a bit that is set, as those of real authorities may.
    private var serial: UInt64 = 0x8000_0000_0000_0000

    init() throws {
        let pem = try SigningKey().pem()
        let memory = unsafe BIO_new_mem_buf(pem, Int32(pem.count))
        defer { unsafe BIO_free(memory) }
        guard let key = unsafe PEM_read_bio_PrivateKey(memory, nil, nil, nil) else { throw Failure("no key") }
        unsafe self.key = key
    }

    /// A leaf for what a request (PKCS #10, DER) asks for, in PEM, and its names; nil when the request isn't right.
    func issue(_ der: [UInt8], from start: WallTime, until end: WallTime) -> (pem: [UInt8], names: [String])? {
        let request = unsafe der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe d2i_X509_REQ(nil, &cursor, buffer.count)
        }
        guard let request = unsafe request, let asked = unsafe X509_REQ_get0_pubkey(request), unsafe X509_REQ_verify(request, asked) == 1,
            let extensions = unsafe X509_REQ_get_extensions(request), let certificate = unsafe X509_new()
        else { return nil }
        defer {
            unsafe X509_REQ_free(request)
            unsafe X509_free(certificate)
        }
        unsafe X509_set_version(certificate, 2)
        serial += 1
        unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial)
        unsafe ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(start.milliseconds / 1000))
        unsafe ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(end.milliseconds / 1000))
        unsafe X509_set_pubkey(certificate, asked)
        let issuer = unsafe X509_NAME_new()
        unsafe X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC, "Scripted authority", -1, -1, 0)
        unsafe X509_set_issuer_name(certificate, issuer)
        unsafe X509_NAME_free(issuer)
        for index in 0..<(unsafe OPENSSL_sk_num(extensions)) {
            unsafe X509_add_ext(certificate, OpaquePointer(OPENSSL_sk_value(extensions, index)), -1)
        }
        let value = unsafe ASN1_OCTET_STRING_new()
        let der = [0x30, UInt8(identifier.count + 2), 0x80, UInt8(identifier.count)] + identifier
        unsafe ASN1_OCTET_STRING_set(value, der, Int32(der.count))
        unsafe X509_add_ext(certificate, X509_EXTENSION_create_by_NID(nil, NID_authority_key_identifier, 0, value), -1)
        unsafe X509_sign(certificate, key, EVP_sha256())
        let memory = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(memory) }
        unsafe PEM_write_bio_X509(memory, certificate)
        var pem = [UInt8](repeating: 0, count: 8192)
        let count = unsafe BIO_read(memory, &pem, Int32(pem.count))
        return (Array(pem.prefix(Int(count))), unsafe CertificateNames.read(certificate))
    }

    /// Whether a signature in JOSE's form is by the key with these coordinates.
    static func verify(_ signature: [UInt8], of bytes: [UInt8], x: [UInt8], y: [UInt8]) -> Bool {
        guard signature.count == 64, x.count == 32, y.count == 32 else { return false }
        // SubjectPublicKeyInfo of a point on P-256.
        let head: [UInt8] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
            0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ]
        let der = head + x + y
        let key = unsafe der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe d2i_PUBKEY(nil, &cursor, buffer.count)
        }
        guard let key = unsafe key, let context = unsafe EVP_MD_CTX_new() else { return false }
        defer {
            unsafe EVP_PKEY_free(key)
            unsafe EVP_MD_CTX_free(context)
        }
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let digits = Array(bytes.drop { $0 == 0 })
            let content = digits.first.map { $0 >= 0x80 } ?? true ? [0] + digits : digits
            return [0x02, UInt8(content.count)] + content
        }
        let content = integer(signature[..<32]) + integer(signature[32...])
        let encoded = [0x30, UInt8(content.count)] + content
        return unsafe EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, encoded, encoded.count, bytes, bytes.count) == 1
    }
}
