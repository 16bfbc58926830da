import CTLS
import Glibc

/// OpenSSL's client over a blocking socket: the peer that a daemon in the field meets, driven a step at a time.
@safe
final class TLSClientSession {
    /// What lets a later connection skip the full handshake; freed with its last reference.
    @safe
    final class Ticket {
        fileprivate let session: OpaquePointer

        fileprivate init(adopting session: OpaquePointer) {
            unsafe self.session = session
        }

        deinit {
            unsafe SSL_SESSION_free(session)
        }
    }

    private let socket: PlainSocket
    private let context: TLSClientContext
    private let ssl: OpaquePointer

    /// Shakes hands; throws with OpenSSL's words if the peer won't, or isn't certified.
    init(over socket: PlainSocket, context: TLSClientContext, ticket: Ticket? = nil) throws {
        self.socket = socket
        self.context = context
        // SAFETY (all of this type): `ssl` is made here, freed in `deinit` and used by one thread; OpenSSL takes its own references to the
        // context and the session.
        guard let ssl = unsafe SSL_new(context.pointer) else { throw Failure("SSL_new: \(TLSClientContext.takeErrors())") }
        unsafe self.ssl = unsafe ssl
        if let name = context.serverName {
            _ = unsafe ctls_set_tlsext_host_name(ssl, name)
            unsafe SSL_set1_host(ssl, name)
        } else {
            unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), context.address)
        }
        unsafe SSL_set_fd(ssl, socket.descriptor)
        if let ticket { unsafe SSL_set_session(ssl, ticket.session) }
        guard unsafe SSL_connect(ssl) == 1 else { throw Failure("handshake: \(TLSClientContext.takeErrors())") }
    }

    deinit {
        // OpenSSL forbids itself to resume a session that wasn't shut down; tests decide for themselves what they send.
        unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(ssl)
    }

    var version: TLSClientContext.Version { unsafe SSL_version(ssl) == TLS1_3_VERSION ? .tls13 : .tls12 }
    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }
    var cipher: String { unsafe String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))) }

    /// What the peer chose of our list, or nil.
    var alpn: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name = unsafe name else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// The session as it is now. In TLS 1.3 the ticket comes with the first bytes after the handshake.
    var ticket: Ticket? {
        unsafe SSL_get1_session(ssl).map { unsafe Ticket(adopting: $0) }
    }

    func receive(max: Int = 64 << 10) -> Received {
        var result: Int32 = 0
        var error: Int32 = 0
        ERR_clear_error()
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max) { buffer, initialized in
            result = unsafe SSL_read(ssl, buffer.baseAddress, Int32(max))
            error = errno
            initialized = Int(Swift.max(result, 0))
        }
        return result > 0 ? .bytes(bytes) : .ended(ending(of: result, error))
    }

    func send(_ bytes: [UInt8]) -> StreamEnding? {
        guard !bytes.isEmpty else { return nil }
        ERR_clear_error()
        let result = unsafe SSL_write(ssl, bytes, Int32(bytes.count))
        return result > 0 ? nil : ending(of: result, errno)
    }

    /// Sends close_notify; reading goes on.
    func finishSending() {
        ERR_clear_error()
        unsafe SSL_shutdown(ssl)
    }

    /// Changes our keys again and again (TLS 1.3): records that hold no data. Ends early when the peer has closed.
    func updateKeys(times: Int) {
        ERR_clear_error()
        for _ in 0..<times {
            guard unsafe SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1, unsafe SSL_do_handshake(ssl) == 1 else { break }
        }
        ERR_clear_error()
    }

    /// Asks for new keys inside the session (TLS 1.2); true if the peer went along.
    func renegotiate() -> Bool {
        ERR_clear_error()
        guard unsafe SSL_renegotiate(ssl) == 1, unsafe SSL_do_handshake(ssl) == 1 else { return false }
        // The request for a handshake is written by the first call; reading its answer tells how it went.
        return unsafe SSL_renegotiate_pending(ssl) == 0
    }

    private func ending(of result: Int32, _ error: Int32) -> StreamEnding {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_ZERO_RETURN:
            return .closeNotify
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            return .timedOut
        case SSL_ERROR_SYSCALL:
            return error == ECONNRESET || error == EPIPE ? .reset : error == 0 ? .fin : .failed("error \(error)")
        default:
            let code = ERR_peek_error()
            if ctls_reason(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING { return .fin }
            return .failed(TLSClientContext.takeErrors())
        }
    }
}
