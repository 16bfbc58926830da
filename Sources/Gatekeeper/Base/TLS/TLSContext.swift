internal import CTLS

/// What TLS sessions are made from, on either side of us: rules, certificate and key, once for each worker. Immutable once built.
///
/// SAFETY (`@unchecked Sendable`): an `SSL_CTX` that is no longer changed may be used by any thread (openssl-threads(7)); its reference
/// count is atomic.
@safe final class TLSContext: @unchecked Sendable {
    enum Role {
        /// Towards a peer that connected to us.
        case server
        /// Towards the ticket system.
        case client
    }

    let role: Role
    let context: OpaquePointer
    private let bioMethod: OpaquePointer
    let library: TLSLibrary
    /// What tickets are sealed with; nil where none are given.
    let ticketKeys: TicketKeys?
    /// Other certificates that a session may change to.
    let selector: CertificateSelector?

    /// What tickets are enciphered by.
    @unsafe var ticketCipher: OpaquePointer? { unsafe library.ticketCipher }

    /// What TLS 1.2 peers may choose from: forward secrecy and AEAD only. TLS 1.3 has nothing weaker to switch off.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    init(
        _ role: Role, minimumVersion: TLSVersion, library: TLSLibrary, ticketKeys: TicketKeys? = nil, selector: CertificateSelector? = nil
    ) throws(TLSSetupError) {
        let method = unsafe role == .server ? TLS_server_method() : TLS_client_method()
        guard let method = unsafe method, let context = unsafe SSL_CTX_new_ex(library.context, nil, method) else {
            throw TLSSetupError("TLS can't be set up: \(TLSErrorQueue.drain())")
        }
        guard let bioMethod = unsafe ctls_bio_method_new() else {
            unsafe SSL_CTX_free(context)
            throw TLSSetupError("TLS can't be set up: out of memory")
        }
        self.role = role
        unsafe self.context = context
        unsafe self.bioMethod = bioMethod
        self.library = library
        self.ticketKeys = ticketKeys
        self.selector = selector
        _ = unsafe ctls_ctx_set_min_proto_version(context, minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION)
        _ = unsafe ctls_ctx_set_max_proto_version(context, TLS1_3_VERSION)
        // Renegotiation lets a peer spend our processor time inside a session; compression leaks what it compresses (CRIME).
        let options = ctls_op_no_renegotiation | ctls_op_no_compression | ctls_op_cipher_server_preference
        unsafe SSL_CTX_set_options(context, options)
        // Write what fits, from a buffer that may move.
        _ = unsafe ctls_ctx_set_mode(context, ctls_mode_partial_write | ctls_mode_moving_write_buffer)
        unsafe ctls_ctx_set_read_ahead(context, 1)
        _ = unsafe SSL_CTX_set_cipher_list(context, Self.ciphers)
        _ = unsafe ctls_ctx_set1_groups_list(context, "X25519:P-256:P-384")
        // Sessions resume by ticket alone: no cache to share, lock or bound.
        _ = unsafe ctls_ctx_set_session_cache_mode(context, ctls_session_cache_off)
    }

    deinit {
        unsafe SSL_CTX_free(context)
        unsafe BIO_meth_free(bioMethod)
    }

    /// A session over `io`, which must outlive it; nil when memory is short.
    func makeSession(over io: UnsafeMutablePointer<ctls_io>) -> OpaquePointer? {
        guard let session = unsafe SSL_new(context) else { return nil }
        guard let bio = unsafe ctls_bio_new(bioMethod, io) else {
            unsafe SSL_free(session)
            return nil
        }
        // One reference serves reading and writing; the session frees it.
        unsafe SSL_set_bio(session, bio, bio)
        switch role {
        case .server: unsafe SSL_set_accept_state(session)
        case .client: unsafe SSL_set_connect_state(session)
        }
        return unsafe session
    }

    /// Shows this certificate, with its chain, to peers.
    func use(certificatePath: String, keyPath: String) throws(TLSSetupError) {
        let chain = try PEMFile(certificatePath, .certificate).certificates(by: library)
        let key = try PEMFile(keyPath, .key).privateKey(by: library)
        try checkKey(keyPath, key, of: certificatePath, chain)
        ERR_clear_error()
        guard unsafe SSL_CTX_use_certificate(context, chain[0].pointer) == 1 else { throw refusal(of: certificatePath, chain[0]) }
        _ = unsafe ctls_ctx_clear_chain(context)
        for certificate in chain.dropFirst() {
            guard unsafe ctls_ctx_add_chain_certificate(context, certificate.pointer) == 1 else {
                throw refusal(of: certificatePath, certificate)
            }
        }
        guard unsafe SSL_CTX_use_PrivateKey(context, key.pointer) == 1 else {
            throw TLSSetupError("key \(keyPath) can't be used: \(TLSErrorQueue.drain())")
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw TLSSetupError("key \(keyPath) does not belong to certificate \(certificatePath): \(TLSErrorQueue.drain())")
        }
    }

    private func checkKey(_ keyPath: String, _ key: OpenSSLObject, of path: String, _ chain: [OpenSSLObject]) throws(TLSSetupError) {
        defer { ERR_clear_error() }
        let index = chain.firstIndex { certificate in
            // SAFETY: the key is the certificate's, which is held.
            guard let own = unsafe X509_get0_pubkey(certificate.pointer) else { return false }
            return unsafe EVP_PKEY_eq(own, key.pointer) == 1
        }
        if index == 0 { return }
        guard let index else {
            throw TLSSetupError("key \(keyPath) does not belong to certificate \(path); check that both come from the same renewal")
        }
        throw TLSSetupError(
            "certificate \(path) is out of order: key \(keyPath) belongs to number \(index + 1) in it; the leaf must come first, and behind "
                + "each certificate the one that issued it")
    }

    /// Why OpenSSL doesn't take a certificate that it could read.
    private func refusal(of path: String, _ certificate: OpenSSLObject) -> TLSSetupError {
        let facts = unsafe CertificateFacts.read(certificate.pointer)
        ERR_clear_error()
        return TLSSetupError("certificate \(path): \(Self.weakness(facts))")
    }

    private static func weakness(_ facts: CertificateChain.Certificate) -> String {
        if facts.isSignedWeakly {
            return "\(facts.subject) is signed with SHA-1 or older, which nobody takes any more; have it issued anew"
        }
        return
            "the key of \(facts.subject) is too small or of a kind that isn't used any more (\(facts.key.kind) of \(facts.key.bits) bits); "
            + "`openssl req -new -newkey rsa:2048 -nodes -keyout NEW.key -out NEW.csr` makes one of 2048 bits, for which a certificate is to be "
            + "issued"
    }
}
