internal import CTLS

/// What a PEM file of certificates says: facts for the admin, beside the handshakes that show it.
package struct CertificateChain: Sendable, Equatable {
    /// At least one, in the order of the file: the leaf first, if the file is in order.
    package private(set) var certificates: [Certificate] = []

    /// More than any authority has levels; a bundle of authorities in the place of a chain is cut here.
    private static let certificatesMax = 32

    package struct Certificate: Sendable, Equatable {
        /// On one line, as `CN=tickets.example`.
        package var subject = ""
        package var issuer = ""
        /// DNS names and addresses.
        package var names: [String] = []
        package var startsAtUnixSeconds: Int64 = 0
        package var endsAtUnixSeconds: Int64 = 0
        package var isSelfSigned = false
        /// May sign other certificates.
        package var isAuthority = false
        package var key = Key()
        /// By a digest that can be forged (SHA-1, MD5).
        package var isSignedWeakly = false
        /// Its extensions let it stand for a server.
        package var mayServe = true
        /// Its key usage lets the key sign, which every handshake of today asks of it.
        package var maySign = true
        /// Asks for a stapled OCSP answer (TLS feature extension, RFC 7633).
        package var wantsStapling = false
        /// Signed by the key of the certificate behind it in the file; false for the last.
        package var isIssuedByNext = false
        /// SHA-256 of the whole certificate, 64 hexadecimal digits.
        package var fingerprint = ""
        /// It says that it is in the public logs (RFC 6962), or where its issuer's certificate is to be had (RFC 5280 §4.2.2.1): an authority that
        /// has a chain to append.
        package var hasPublicIssuer = false
        /// What its authority calls it when asked about its renewal (RFC 9773 § 4.1); empty without an authority key identifier.
        package var renewalIdentifier = ""
    }

    /// What a certificate's public key is.
    package struct Key: Sendable, Equatable {
        /// OpenSSL's word: `RSA`, `EC`, `ED25519`, `RSA-PSS`; empty where there is none that can be read.
        package var kind = ""
        package var bits = 0
        /// Of an elliptic curve: `P-256`, or OpenSSL's word for others.
        package var curve = ""

        package var isRSA: Bool { kind == "RSA" || kind == "RSA-PSS" }
    }

    package var leaf: Certificate { certificates[0] }

    /// Reads the file. Throws when there is no certificate in it, or one that can't be read.
    package init(path: String) throws(ServerError) {
        let handles = try Self.read(path)
        for (index, handle) in handles.enumerated() {
            var certificate = unsafe CertificateFacts.read(handle.pointer)
            if index + 1 < handles.count {
                certificate.isIssuedByNext = unsafe Self.isIssued(handle.pointer, by: handles[index + 1].pointer)
            }
            certificates.append(certificate)
        }
    }

    /// Whether the system's authorities lead to the leaf, with the help of the others in the file and whatever the date is. Reads all of
    /// them, which takes a while.
    package static func isKnownToSystem(path: String) throws(ServerError) -> Bool {
        isKnownToSystem(try read(path))
    }

    // MARK: OpenSSL's side

    private static func read(_ path: String) throws(ServerError) -> [OpenSSLObject] {
        do throws(TLSSetupError) {
            return try PEMFile(path, .certificate).certificates(atMost: certificatesMax)
        } catch {
            throw ServerError(settings: error.description)
        }
    }

    /// By name, by what both say of keys, and by signature.
    @unsafe private static func isIssued(_ certificate: OpaquePointer, by issuer: OpaquePointer) -> Bool {
        defer { ERR_clear_error() }
        guard unsafe X509_check_issued(issuer, certificate) == X509_V_OK, let key = unsafe X509_get0_pubkey(issuer) else { return false }
        return unsafe X509_verify(certificate, key) == 1
    }

    private static func isKnownToSystem(_ handles: [OpenSSLObject]) -> Bool {
        // SAFETY: everything that is made here is freed here; the stack lends the certificates, which `handles` hold.
        guard let store = unsafe X509_STORE_new() else { return false }
        defer { unsafe X509_STORE_free(store) }
        guard let context = unsafe X509_STORE_CTX_new(), let others = unsafe OPENSSL_sk_new_null() else { return false }
        defer {
            unsafe X509_STORE_CTX_free(context)
            unsafe OPENSSL_sk_free(others)
            ERR_clear_error()
        }
        for handle in handles.dropFirst() { unsafe OPENSSL_sk_push(others, UnsafeRawPointer(handle.pointer)) }
        guard unsafe X509_STORE_set_default_paths(store) == 1,
            unsafe X509_STORE_CTX_init(context, store, handles[0].pointer, others) == 1
        else { return false }
        unsafe X509_STORE_CTX_set_flags(context, UInt(X509_V_FLAG_NO_CHECK_TIME))
        return unsafe X509_verify_cert(context) == 1
    }
}
