internal import CTLS
internal import Glibc

/// Reads from a certificate that OpenSSL holds what an admin may have to be told of it.
enum CertificateFacts {
    @unsafe static func read(_ certificate: OpaquePointer) -> CertificateChain.Certificate {
        // SAFETY: names, times and the key belong to the certificate, which the caller holds; the digest has room for the longest there is.
        var facts = CertificateChain.Certificate()
        facts.subject = unsafe text(of: X509_get_subject_name(certificate))
        facts.issuer = unsafe text(of: X509_get_issuer_name(certificate))
        facts.names = unsafe CertificateNames.read(certificate)
        facts.startsAtUnixSeconds = unsafe seconds(X509_get0_notBefore(certificate))
        facts.endsAtUnixSeconds = unsafe seconds(X509_get0_notAfter(certificate))
        facts.isSelfSigned = unsafe X509_self_signed(certificate, 1) == 1
        facts.isAuthority = unsafe X509_check_ca(certificate) > 0
        facts.key = unsafe key(of: certificate)
        facts.isSignedWeakly = unsafe !facts.isSelfSigned && isSignedWeakly(certificate)
        facts.mayServe = unsafe X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) == 1
        facts.maySign = unsafe X509_get_key_usage(certificate) & UInt32(KU_DIGITAL_SIGNATURE) != 0
        facts.wantsStapling = unsafe wantsStapling(certificate)
        facts.hasPublicIssuer =
            unsafe X509_get_ext_by_NID(certificate, NID_ct_precert_scts, -1) >= 0
            || X509_get_ext_by_NID(certificate, NID_info_access, -1) >= 0
        facts.renewalIdentifier = unsafe renewalIdentifier(certificate) ?? ""
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        if unsafe X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 {
            facts.fingerprint = Fingerprint.hexadecimal(digest.prefix(Int(count)))
        }
        ERR_clear_error()
        return facts
    }

    @unsafe static func text(of name: OpaquePointer?) -> String {
        // SAFETY: the BIO is ours until it is freed; its bytes are copied before.
        guard let name = unsafe name, let memory = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(memory) }
        guard unsafe X509_NAME_print_ex(memory, name, 0, ctls_name_on_one_line) >= 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = unsafe BIO_read(memory, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(max(0, count))), as: UTF8.self)
    }

    /// Since 1970; 0 for what is no time.
    @unsafe static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        // SAFETY: both calls read and write one local structure.
        var parts = unsafe tm()
        guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return unsafe Int64(timegm(&parts))
    }

    @unsafe private static func key(of certificate: OpaquePointer) -> CertificateChain.Key {
        // SAFETY: the key is the certificate's; the name is a constant of the library, and the curve's is written within its bounds.
        guard let key = unsafe X509_get0_pubkey(certificate) else { return CertificateChain.Key() }
        var facts = CertificateChain.Key()
        facts.kind = unsafe EVP_PKEY_get0_type_name(key).map { unsafe String(cString: $0) } ?? ""
        facts.bits = unsafe Int(EVP_PKEY_get_bits(key))
        guard facts.kind == "EC" else { return facts }
        var name = [CChar](repeating: 0, count: 80)
        var count = 0
        if unsafe EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 {
            let curve = String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let common = ["prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"]
            facts.curve = common[curve] ?? curve
        }
        return facts
    }

    @unsafe private static func isSignedWeakly(_ certificate: OpaquePointer) -> Bool {
        // SAFETY: one number is written.
        var digest: Int32 = 0
        guard unsafe X509_get_signature_info(certificate, &digest, nil, nil, nil) == 1 else { return false }
        return [NID_sha1, NID_md5, NID_md4, NID_md5_sha1].contains(digest)
    }

    /// The key identifier of its authority and its serial number, as the content of a DER INTEGER.
    @unsafe private static func renewalIdentifier(_ certificate: OpaquePointer) -> String? {
        // SAFETY: both belong to the certificate; as many bytes are written as the first call says.
        guard let identifier = unsafe X509_get0_authority_key_id(certificate), let serial = unsafe X509_get0_serialNumber(certificate)
        else { return nil }
        let key = unsafe Array(
            UnsafeBufferPointer(start: ASN1_STRING_get0_data(identifier), count: Int(max(0, ASN1_STRING_length(identifier)))))
        let count = unsafe Int(i2d_ASN1_INTEGER(serial, nil))
        // A tag, and a length of one byte.
        guard (3..<0x80).contains(count) else { return nil }
        var der = [UInt8](repeating: 0, count: count)
        _ = unsafe der.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe i2d_ASN1_INTEGER(serial, &cursor)
        }
        return "\(Base64.encodeForURL(key)).\(Base64.encodeForURL(Array(der.dropFirst(2))))"
    }

    /// `status_request`, in either of its versions, in the list that the certificate demands.
    @unsafe private static func wantsStapling(_ certificate: OpaquePointer) -> Bool {
        // SAFETY: the caller holds the certificate; the list is ours until it is freed below.
        guard let list = unsafe X509_get_ext_d2i(certificate, NID_tlsfeature, nil, nil) else { return false }
        let features = OpaquePointer(list)
        defer { unsafe TLS_FEATURE_free(features) }
        for index in 0..<max(0, unsafe OPENSSL_sk_num(features)) {
            guard let element = unsafe OPENSSL_sk_value(features, index) else { continue }
            let number = unsafe ASN1_INTEGER_get(element.assumingMemoryBound(to: ASN1_INTEGER.self))
            if number == TLSEXT_TYPE_status_request || number == 17 { return true }
        }
        return false
    }
}
