internal import CTLS

extension TLSContext {
    /// The names that the certificate in use is for, and the kind of its key.
    func describeCertificate() -> ServerNames.Certificate {
        var description = ServerNames.Certificate(names: [], keyKind: 0)
        // SAFETY: the context holds the certificate for as long as it is looked at.
        guard let certificate = unsafe SSL_CTX_get0_certificate(context) else { return description }
        if let key = unsafe X509_get0_pubkey(certificate) { description.keyKind = unsafe EVP_PKEY_get_base_id(key) }
        description.names = unsafe CertificateNames.read(certificate)
        return description
    }
}
