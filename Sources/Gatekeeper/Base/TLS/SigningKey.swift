internal import CTLS

/// An ECDSA key on P-256: of an account with an authority, or of a certificate.
///
/// SAFETY (`@unchecked Sendable`): the key is made or read before anybody else has this, and OpenSSL only reads it afterwards.
@safe package final class SigningKey: @unchecked Sendable {
    private let key: OpenSSLObject
    /// Of the public point, 32 bytes each, big-endian.
    package let (x, y): ([UInt8], [UInt8])

    private static let coordinateBytes = 32

    /// Makes one. Throws when OpenSSL has no random numbers, or no memory.
    package convenience init() throws(ServerError) {
        TLSDefaults.areQuiet
        guard let key = Self.makeKey() else { throw Self.failure("make a key") }
        try self.init(key, "a new key")
    }

    /// One on P-256, by algorithms of `library`; nil for the default one's. What is wrong, where there is none, stands in OpenSSL's queue.
    static func makeKey(by library: TLSLibrary? = nil) -> OpenSSLObject? {
        // SAFETY: the context is ours and freed here; the key that it makes is ours.
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(library?.context, "EC", nil) else { return nil }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1, unsafe EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            unsafe EVP_PKEY_generate(context, &made) == 1, let key = unsafe made
        else { return nil }
        return unsafe OpenSSLObject(owning: key) { unsafe EVP_PKEY_free($0) }
    }

    /// Reads a PEM file. Throws for what isn't a key on P-256.
    package convenience init(path: String) throws(ServerError) {
        TLSDefaults.areQuiet
        let key: OpenSSLObject
        do throws(TLSSetupError) {
            key = try PEMFile(path, .key).privateKey()
        } catch {
            throw ServerError(settings: error.description)
        }
        try self.init(key, "key \(path)")
    }

    private init(_ key: OpenSSLObject, _ name: String) throws(ServerError) {
        self.key = key
        (x, y) = try (Self.coordinate("qx", of: key, name), Self.coordinate("qy", of: key, name))
    }

    private static func coordinate(_ parameter: String, of key: OpenSSLObject, _ name: String) throws(ServerError) -> [UInt8] {
        // SAFETY: the number is ours until it is freed; the array has room for as many bytes as are written.
        var number: OpaquePointer?
        defer {
            unsafe BN_free(number)
            ERR_clear_error()
        }
        var curve = [CChar](repeating: 0, count: 32)
        var bytes = [UInt8](repeating: 0, count: coordinateBytes)
        guard unsafe EVP_PKEY_get_group_name(key.pointer, &curve, curve.count, nil) == 1, curve.starts(with: "prime256v1".utf8CString),
            unsafe EVP_PKEY_get_bn_param(key.pointer, parameter, &number) == 1, let number = unsafe number,
            unsafe BN_bn2binpad(number, &bytes, Int32(bytes.count)) == Int32(bytes.count)
        else { throw ServerError(settings: "\(name) is no key on P-256") }
        return bytes
    }

    /// PKCS #8 in PEM, unencrypted.
    package func pem() throws(ServerError) -> [UInt8] {
        // SAFETY: the BIO is ours until it is freed, which wipes it; its bytes are copied before.
        guard let memory = unsafe BIO_new(BIO_s_secmem()) else { throw Self.failure("write a key") }
        defer { unsafe BIO_free(memory) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        guard unsafe PEM_write_bio_PKCS8PrivateKey(memory, key.pointer, nil, nil, 0, nil, nil) == 1 else {
            throw Self.failure("write a key")
        }
        let count = unsafe BIO_read(memory, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(0, count))))
    }

    /// ECDSA over SHA-256 in the form that JOSE has (RFC 7518 § 3.4): both numbers of 32 bytes, one behind the other.
    package func signature(of bytes: [UInt8]) throws(ServerError) -> [UInt8] {
        // SAFETY: contexts and the signature are ours and freed here; each array is lent with its length.
        guard let context = unsafe EVP_MD_CTX_new() else { throw Self.failure("sign") }
        defer { unsafe EVP_MD_CTX_free(context) }
        var der = [UInt8](repeating: 0, count: 128)
        var count = der.count
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer) == 1,
            unsafe EVP_DigestSign(context, &der, &count, bytes, bytes.count) == 1
        else { throw Self.failure("sign") }
        let signature = unsafe der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe d2i_ECDSA_SIG(nil, &cursor, count)
        }
        guard let signature = unsafe signature else { throw Self.failure("sign") }
        defer { unsafe ECDSA_SIG_free(signature) }
        var numbers = [UInt8](repeating: 0, count: 2 * Self.coordinateBytes)
        let isWritten = unsafe numbers.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            let size = Int32(Self.coordinateBytes)
            return unsafe BN_bn2binpad(ECDSA_SIG_get0_r(signature), start, size) == size
                && BN_bn2binpad(ECDSA_SIG_get0_s(signature), start + Self.coordinateBytes, size) == size
        }
        guard isWritten else { throw Self.failure("sign") }
        return numbers
    }

    /// A request for a certificate with this key (PKCS #10), in DER: without a subject, for these DNS names and addresses.
    package func certificateRequest(for names: [String]) throws(ServerError) -> [UInt8] {
        // SAFETY: what is made here is freed here; `sk_push` keeps the extension only as long as the list is used.
        guard let request = unsafe X509_REQ_new() else { throw Self.failure("ask for a certificate") }
        defer { unsafe X509_REQ_free(request) }
        guard let value = unsafe ASN1_OCTET_STRING_new(), let list = unsafe OPENSSL_sk_new_null() else {
            throw Self.failure("ask for a certificate")
        }
        defer {
            unsafe ASN1_OCTET_STRING_free(value)
            unsafe OPENSSL_sk_free(list)
        }
        let der = SubjectNames.der(names)
        guard unsafe ASN1_OCTET_STRING_set(value, der, Int32(der.count)) == 1,
            let subject = unsafe X509_EXTENSION_create_by_NID(nil, NID_subject_alt_name, 0, value)
        else { throw Self.failure("ask for a certificate") }
        defer { unsafe X509_EXTENSION_free(subject) }
        guard unsafe OPENSSL_sk_push(list, UnsafeRawPointer(subject)) > 0,
            unsafe X509_REQ_set_version(request, 0) == 1, unsafe X509_REQ_set_pubkey(request, key.pointer) == 1,
            unsafe X509_REQ_add_extensions(request, list) == 1, unsafe X509_REQ_sign(request, key.pointer, EVP_sha256()) > 0
        else { throw Self.failure("ask for a certificate") }
        var bytes = [UInt8](repeating: 0, count: Int(max(0, unsafe i2d_X509_REQ(request, nil))))
        let count = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe Int(i2d_X509_REQ(request, &cursor))
        }
        guard count == bytes.count, count > 0 else { throw Self.failure("ask for a certificate") }
        return bytes
    }

    private static func failure(_ act: String) -> ServerError {
        ServerError(settings: "OpenSSL can't \(act): \(TLSErrorQueue.drain())")
    }
}
