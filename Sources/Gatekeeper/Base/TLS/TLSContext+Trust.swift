internal import CTLS

extension TLSContext {
    /// Trusts the authorities of a PEM file, and no others.
    ///
    /// - Returns: the file's certificates.
    @discardableResult
    func trust(authorities path: String) throws(TLSSetupError) -> [OpenSSLObject] {
        let file = try PEMFile(path, .authorities)
        if let line = file.revocationListLine {
            throw TLSSetupError(
                "authorities \(path): there is a revocation list at line \(line), which would do nothing here: take it out of this file "
                    + "(lists for certificates of clients have a file of their own, `tls.client_crl`)")
        }
        let certificates = try file.certificates(by: library)
        try Self.checkAuthority(certificates, path)
        let store = unsafe SSL_CTX_get_cert_store(context)
        for certificate in certificates {
            guard unsafe X509_STORE_add_cert(store, certificate.pointer) == 1 else {
                throw TLSSetupError("authorities \(path) can't be used: \(TLSErrorQueue.drain())")
            }
        }
        return certificates
    }

    /// A chain ends with a certificate that signed itself; where the file has none, nobody could ever be trusted by it.
    private static func checkAuthority(_ certificates: [OpenSSLObject], _ path: String) throws(TLSSetupError) {
        let facts = certificates.map { unsafe CertificateFacts.read($0.pointer) }
        if facts.contains(where: \.isSelfSigned) { return }
        guard let authority = facts.last(where: \.isAuthority) else {
            throw TLSSetupError(
                "authorities \(path): \(facts[0].subject) is no authority but a leaf, which vouches for nobody; put the certificate of its "
                    + "issuer there, \(facts[0].issuer)")
        }
        throw TLSSetupError(
            "authorities \(path): the root is missing: \(authority.subject) is by \(authority.issuer), whose certificate must be there too")
    }

    /// Refuses certificates that the lists of a PEM file revoke. Every authority on the way from a certificate to its root needs a list there
    /// that is still good: where one is missing or has run out, nobody can tell who was revoked, and nobody is let in.
    func revoke(by path: String, authorities: [OpenSSLObject], from authorityPath: String) throws(TLSSetupError) {
        let lists = try PEMFile(path, .revocations).revocationLists(by: library)
        for authority in authorities where unsafe X509_check_ca(authority.pointer) > 0 {
            // SAFETY: names belong to certificate and list, which are held.
            let name = unsafe X509_get_subject_name(authority.pointer)
            let isThere = lists.contains { unsafe X509_NAME_cmp(X509_CRL_get_issuer($0.pointer), name) == 0 }
            guard isThere else {
                throw TLSSetupError(
                    "revocation list \(path) has none by \(unsafe CertificateFacts.text(of: name)), which is in \(authorityPath): "
                        + "append it, for without one nobody with its certificates is let in")
            }
        }
        let store = unsafe SSL_CTX_get_cert_store(context)
        for list in lists {
            guard unsafe X509_STORE_add_crl(store, list.pointer) == 1 else {
                throw TLSSetupError("revocation list \(path) can't be used: \(TLSErrorQueue.drain())")
            }
        }
        _ = unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL))
    }
}
