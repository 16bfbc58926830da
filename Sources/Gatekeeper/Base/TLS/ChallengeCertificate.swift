internal import CTLS

/// A certificate that proves to an authority that a name leads here, and is good for nothing else (RFC 8737 §3).
///
/// It signs itself, names one name or address, and holds the digest of the key authorization in a critical extension, so that whoever doesn't
/// know that extension takes it for no certificate at all. Its key is made for it and never leaves memory.
struct ChallengeCertificate {
    let certificate: OpenSSLObject
    let key: OpenSSLObject

    private static let subjectAltName = "2.5.29.17"
    /// `id-pe-acmeIdentifier`.
    private static let acmeIdentifier = "1.3.6.1.5.5.7.1.31"
    private static let daySeconds = 86_400

    /// - Parameters:
    ///   - name: a DNS name as A-labels, or the text of an address.
    ///   - digest: SHA-256 of the key authorization, 32 bytes.
    init(name: String, digest: [UInt8], library: TLSLibrary) throws(TLSSetupError) {
        guard digest.count == 32, (1...253).contains(name.utf8.count), name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw TLSSetupError("a challenge for a name that isn't one, or with a digest that isn't SHA-256")
        }
        guard let key = SigningKey.makeKey(by: library) else { throw Self.failure() }
        self.key = key
        // SAFETY (of the whole type): what is made here is freed here or belongs to an `OpenSSLObject`; arrays are lent for a call.
        guard let pointer = unsafe X509_new_ex(library.context, nil) else { throw Self.failure() }
        unsafe certificate = OpenSSLObject(owning: pointer) { unsafe X509_free($0) }
        let subject = Array("ACME challenge".utf8)
        guard unsafe X509_set_version(pointer, 2) == 1,
            unsafe ASN1_INTEGER_set(X509_get_serialNumber(pointer), 1) == 1,
            unsafe X509_gmtime_adj(X509_getm_notBefore(pointer), -Self.daySeconds) != nil,
            unsafe X509_gmtime_adj(X509_getm_notAfter(pointer), Self.daySeconds) != nil,
            unsafe X509_NAME_add_entry_by_txt(X509_get_subject_name(pointer), "CN", MBSTRING_ASC, subject, Int32(subject.count), -1, 0)
                == 1,
            unsafe X509_set_issuer_name(pointer, X509_get_subject_name(pointer)) == 1,
            unsafe X509_set_pubkey(pointer, key.pointer) == 1,
            Self.extend(certificate, by: Self.subjectAltName, isCritical: false, SubjectNames.der([name])),
            Self.extend(certificate, by: Self.acmeIdentifier, isCritical: true, SubjectNames.element(0x04, digest)),
            unsafe X509_sign(pointer, key.pointer, EVP_sha256()) > 0
        else { throw Self.failure() }
    }

    /// Adds the extension of this number, whose value is DER.
    private static func extend(_ certificate: OpenSSLObject, by identifier: String, isCritical: Bool, _ value: [UInt8]) -> Bool {
        let object = unsafe OBJ_txt2obj(identifier, 1)
        let text = unsafe ASN1_OCTET_STRING_new()
        defer {
            unsafe ASN1_OBJECT_free(object)
            unsafe ASN1_OCTET_STRING_free(text)
        }
        guard let object = unsafe object, let text = unsafe text, unsafe ASN1_OCTET_STRING_set(text, value, Int32(value.count)) == 1,
            let made = unsafe X509_EXTENSION_create_by_OBJ(nil, object, isCritical ? 1 : 0, text)
        else { return false }
        defer { unsafe X509_EXTENSION_free(made) }
        return unsafe X509_add_ext(certificate.pointer, made, -1) == 1
    }

    private static func failure() -> TLSSetupError {
        TLSSetupError("a certificate for a challenge can't be made: \(TLSErrorQueue.drain())")
    }
}

extension TLSContext {
    /// Shows this certificate to whoever speaks `acme-tls/1` and nothing else; no session of it resumes.
    convenience init(showing challenge: ChallengeCertificate, library: TLSLibrary) throws(TLSSetupError) {
        try self.init(.server, minimumVersion: .tls12, library: library)
        _ = unsafe SSL_CTX_set_num_tickets(context, 0)
        unsafe SSL_CTX_set_options(context, ctls_op_no_ticket)
        _ = unsafe SSL_CTX_set_max_early_data(context, 0)
        unsafe SSL_CTX_set_alpn_select_cb(context, selectChallenge, nil)
        guard unsafe SSL_CTX_use_certificate(context, challenge.certificate.pointer) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, challenge.key.pointer) == 1
        else { throw TLSSetupError("a challenge can't be shown: \(TLSErrorQueue.drain())") }
    }
}

/// ALPN: `acme-tls/1` where it is offered alone, also by the second hello of a handshake (RFC 8446 §4.1.4), which nobody has looked at before.
private func selectChallenge(
    _: OpaquePointer?, selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, selectedCount: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?, offeredCount: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    let name: StaticString = "\u{a}acme-tls/1"
    let offers = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    // SAFETY: a static string's UTF-8 is constant memory of that many bytes.
    guard unsafe offers.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)) else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    unsafe selected?.pointee = unsafe name.utf8Start + 1
    unsafe selectedCount?.pointee = 10
    return SSL_TLSEXT_ERR_OK
}
