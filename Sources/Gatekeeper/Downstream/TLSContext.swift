internal import CTLS

/// A worker's own instance of OpenSSL's library state: algorithms, providers, and the locks around them.
///
/// OpenSSL 3 looks algorithms up several times a handshake, each time under a lock of the library context. With one context for all,
/// workers spend their time passing the cache lines of these locks to each other; with one each they share nothing (decision 0003).
///
/// SAFETY (`@unchecked Sendable`): a library context may be used by any thread (OSSL_LIB_CTX(3)).
@safe final class TLSLibrary: @unchecked Sendable {
    let context: OpaquePointer

    init() throws(TLSSetupError) {
        guard let context = unsafe OSSL_LIB_CTX_new() else { throw TLSSetupError("OpenSSL can't be set up: \(TLSErrorQueue.drain())") }
        unsafe self.context = context
    }

    // Never freed: every thread that has used a library context keeps a handler for its end that refers to it (OPENSSL_init_crypto(3)).
    // There is one for each worker, for as long as the process lives.
}

/// The certificate, key and rules that every TLS session of a snapshot is made from, once for each worker. Immutable once built.
///
/// SAFETY (`@unchecked Sendable`): an `SSL_CTX` that is no longer changed may be used by any thread (openssl-threads(7)); its reference
/// count is atomic.
@safe final class TLSContext: @unchecked Sendable {
    private let context: OpaquePointer
    private let bioMethod: OpaquePointer
    private let library: TLSLibrary

    /// What TLS 1.2 clients may choose from: forward secrecy and AEAD only. TLS 1.3 has nothing weaker to switch off.
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    init(_ settings: Settings.TLS, library: TLSLibrary, ticketKeys: TicketKeys) throws(TLSSetupError) {
        guard let method = unsafe TLS_server_method(), let context = unsafe SSL_CTX_new_ex(library.context, nil, method) else {
            throw TLSSetupError("TLS can't be set up: \(TLSErrorQueue.drain())")
        }
        guard let bioMethod = unsafe ctls_bio_method_new() else {
            unsafe SSL_CTX_free(context)
            throw TLSSetupError("TLS can't be set up: out of memory")
        }
        unsafe self.context = context
        unsafe self.bioMethod = bioMethod
        self.library = library
        configure(settings)
        unsafe ticketKeys.install(on: context)
        try loadCertificate(settings)
    }

    deinit {
        unsafe SSL_CTX_free(context)
        unsafe BIO_meth_free(bioMethod)
    }

    /// A session in the server's role over `io`, which must outlive it; nil when memory is short.
    func makeSession(over io: UnsafeMutablePointer<ctls_io>) -> OpaquePointer? {
        guard let session = unsafe SSL_new(context) else { return nil }
        guard let bio = unsafe ctls_bio_new(bioMethod, io) else {
            unsafe SSL_free(session)
            return nil
        }
        // One reference serves reading and writing; the session frees it.
        unsafe SSL_set_bio(session, bio, bio)
        unsafe SSL_set_accept_state(session)
        return unsafe session
    }

    private func configure(_ settings: Settings.TLS) {
        let minimum = settings.minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        _ = unsafe ctls_ctx_set_min_proto_version(context, minimum)
        _ = unsafe ctls_ctx_set_max_proto_version(context, TLS1_3_VERSION)
        // Renegotiation lets a peer spend our processor time inside a session; compression leaks what it compresses (CRIME).
        let options = ctls_op_no_renegotiation | ctls_op_no_compression | ctls_op_cipher_server_preference
        unsafe SSL_CTX_set_options(context, options)
        // Write what fits, from a buffer that may move.
        _ = unsafe ctls_ctx_set_mode(context, ctls_mode_partial_write | ctls_mode_moving_write_buffer)
        unsafe ctls_ctx_set_read_ahead(context, 1)
        _ = unsafe SSL_CTX_set_cipher_list(context, Self.ciphers)
        _ = unsafe ctls_ctx_set1_groups_list(context, "X25519:P-256:P-384")
        // Sessions resume by ticket alone: no cache to share, lock or bound. Early data can be replayed, a ticket with it twice.
        _ = unsafe ctls_ctx_set_session_cache_mode(context, ctls_session_cache_off)
        _ = unsafe SSL_CTX_set_num_tickets(context, 1)
        _ = unsafe SSL_CTX_set_max_early_data(context, 0)
        unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
    }

    private func loadCertificate(_ settings: Settings.TLS) throws(TLSSetupError) {
        guard unsafe SSL_CTX_use_certificate_chain_file(context, settings.certificatePath) == 1 else {
            throw TLSSetupError("certificate \(settings.certificatePath) can't be loaded: \(TLSErrorQueue.drain())")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(context, settings.keyPath, SSL_FILETYPE_PEM) == 1 else {
            let reason = TLSErrorQueue.drain()
            if reason.contains("mismatch") {
                throw TLSSetupError(
                    "key \(settings.keyPath) does not belong to certificate \(settings.certificatePath); "
                        + "check that both come from the same renewal")
            }
            throw TLSSetupError("key \(settings.keyPath) can't be loaded: \(reason)")
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw TLSSetupError(
                "key \(settings.keyPath) does not belong to certificate \(settings.certificatePath): \(TLSErrorQueue.drain())")
        }
    }
}

/// Why a certificate or key can't be served; one sentence for the admin.
struct TLSSetupError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What session tickets are sealed with: random, the same for all workers, since a client that comes back may meet any of them.
struct TicketKeys {
    private var bytes: [UInt8]

    init() throws(TLSSetupError) {
        // Name, HMAC key and AES key (SSL_CTX_set_tlsext_ticket_keys(3)): 80 bytes since OpenSSL 1.1.
        bytes = Array(repeating: 0, count: 80)
        let filled = unsafe bytes.withUnsafeMutableBufferPointer { unsafe RAND_bytes($0.baseAddress, Int32($0.count)) }
        guard filled == 1 else { throw TLSSetupError("no random numbers for session tickets: \(TLSErrorQueue.drain())") }
    }

    /// Leaves the context's own random keys where this OpenSSL wants another length; sessions then resume on one worker only.
    @unsafe func install(on context: OpaquePointer) {
        var keys = bytes
        let count = keys.count
        guard unsafe ctls_ctx_ticket_key_bytes(context) == count else { return }
        _ = unsafe keys.withUnsafeMutableBytes { unsafe ctls_ctx_set_tlsext_ticket_keys(context, $0.baseAddress!, count) }
    }
}

/// ALPN (RFC 7301): `http/1.1` or nothing. A client that offers only other protocols is told so instead of being misunderstood.
private func selectProtocol(
    _: OpaquePointer?, selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, selectedCount: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?, offeredCount: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    let name = "http/1.1".utf8
    let offers = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    var index = 0
    while index < offers.count {
        let length = unsafe Int(offers[index])
        let start = index + 1
        guard length > 0, start + length <= offers.count else { break }
        // SAFETY: bounds were just checked; OpenSSL keeps the offer until the handshake is over, as it asks of what we point to.
        if length == name.count, unsafe offers[start..<start + length].elementsEqual(name) {
            unsafe selected?.pointee = offered.map { unsafe $0 + start }
            unsafe selectedCount?.pointee = UInt8(length)
            return SSL_TLSEXT_ERR_OK
        }
        index = start + length
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
