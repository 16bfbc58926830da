internal import CTLS

/// The names that a certificate is for, read by OpenSSL from its subjectAltName: DNS names as they stand there, and addresses as text.
///
/// Its subject's common name is none of them: clients have stopped to look there (RFC 9525 §6.3).
enum CertificateNames {
    @unsafe static func read(_ certificate: OpaquePointer) -> [String] {
        // SAFETY: the caller holds the certificate; what `X509_get_ext_d2i` makes is ours until it is freed below, and every string in it has
        // as many bytes as it says.
        guard let list = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
            ERR_clear_error()
            return []
        }
        var found: [String] = []
        let names = OpaquePointer(list)
        defer { unsafe GENERAL_NAMES_free(names) }
        for index in 0..<max(0, unsafe OPENSSL_sk_num(names)) {
            guard let element = unsafe OPENSSL_sk_value(names, index) else { continue }
            var kind: Int32 = 0
            let name = unsafe element.assumingMemoryBound(to: GENERAL_NAME.self)
            guard let value = unsafe GENERAL_NAME_get0_value(name, &kind), kind == GEN_DNS || kind == GEN_IPADD else { continue }
            let text = unsafe value.assumingMemoryBound(to: ASN1_STRING.self)
            let bytes = unsafe Array(
                UnsafeBufferPointer(start: ASN1_STRING_get0_data(text), count: Int(max(0, ASN1_STRING_length(text)))))
            if kind == GEN_DNS {
                found.append(String(decoding: bytes, as: UTF8.self))
            } else if let address = address(bytes) {
                found.append(address.description)
            }
        }
        return found
    }

    private static func address(_ bytes: [UInt8]) -> PeerAddress? {
        switch bytes.count {
        case 4: PeerAddress(ipv4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            PeerAddress(high: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }, low: bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }).inZone(0)
        default: nil
        }
    }
}
