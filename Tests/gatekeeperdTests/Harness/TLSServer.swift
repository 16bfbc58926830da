import CTLS
import Glibc

/// OpenSSL's server over blocking sockets: the ticket system's side of an https upstream.
///
/// `@unchecked`: OpenSSL counts references to a context atomically, and nothing changes it after `init`.
@safe
final class TLSServer: @unchecked Sendable {
    private let context: OpaquePointer

    /// - Parameters:
    ///   - version: nil offers both.
    ///   - clientAuthority: a PEM file; clients must show a certificate of this authority's.
    init(_ leaf: Certificates.Leaf, version: TLSClientContext.Version? = nil, clientAuthority: String? = nil) throws {
        signal(SIGPIPE, SIG_IGN)
        // SAFETY: the context is made here, owned by this object from here on, and freed in `deinit`; OpenSSL copies lists and paths.
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw Failure("SSL_CTX_new") }
        unsafe self.context = unsafe context
        var isPrepared = unsafe SSL_CTX_use_certificate_chain_file(context, leaf.certificate) == 1
        unsafe isPrepared = SSL_CTX_use_PrivateKey_file(context, leaf.key, SSL_FILETYPE_PEM) == 1 && isPrepared
        if let version {
            unsafe ctls_ctx_set_min_proto_version(context, version == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION)
            unsafe ctls_ctx_set_max_proto_version(context, version == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION)
        }
        unsafe SSL_CTX_set_session_id_context(context, "upstream", 8)
        if let clientAuthority {
            unsafe isPrepared = SSL_CTX_load_verify_locations(context, clientAuthority, nil) == 1 && isPrepared
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        guard isPrepared else { throw Failure("cannot prepare a TLS server: \(TLSClientContext.takeErrors())") }
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// Shakes hands; nil if the peer won't.
    func accept(_ socket: PlainSocket) -> Session? {
        guard let ssl = unsafe SSL_new(context) else { return nil }
        let session = unsafe Session(adopting: ssl)
        unsafe SSL_set_fd(ssl, socket.descriptor)
        ERR_clear_error()
        return unsafe SSL_accept(ssl) == 1 ? session : nil
    }

    /// One connection's TLS; used by one thread.
    @safe
    final class Session {
        private let ssl: OpaquePointer

        fileprivate init(adopting ssl: OpaquePointer) {
            unsafe self.ssl = unsafe ssl
        }

        deinit {
            unsafe SSL_free(ssl)
        }

        var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

        /// What the client asked for, or nil.
        var serverName: String? {
            unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) }
        }

        func receive(max: Int = 64 << 10) -> Received {
            var count: Int32 = 0
            ERR_clear_error()
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max) { buffer, initialized in
                count = unsafe SSL_read(ssl, buffer.baseAddress, Int32(max))
                initialized = Int(Swift.max(count, 0))
            }
            guard count <= 0 else { return .bytes(bytes) }
            return .ended(unsafe SSL_get_error(ssl, count) == SSL_ERROR_ZERO_RETURN ? .closeNotify : .fin)
        }

        func send(_ bytes: [UInt8]) -> StreamEnding? {
            guard !bytes.isEmpty else { return nil }
            ERR_clear_error()
            return unsafe SSL_write(ssl, bytes, Int32(bytes.count)) > 0 ? nil : .reset
        }

        /// Another ticket, while nothing is asked (TLS 1.3).
        func sendTicket() {
            ERR_clear_error()
            unsafe SSL_new_session_ticket(ssl)
            unsafe SSL_do_handshake(ssl)
        }

        /// close_notify; the connection stays.
        func finishSending() {
            ERR_clear_error()
            unsafe SSL_shutdown(ssl)
        }
    }
}
