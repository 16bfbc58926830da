import CTLS

@testable import Gatekeeper

/// OpenSSL at a scripted peer: ciphertext in and out as arrays, so that the script decides what travels when.
@safe final class PeerSession {
    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private(set) var hasFailed = false

    /// What a peer's sessions have in common: made once, and never freed.
    @safe final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        /// Of clients, which verify nobody.
        init(client: Void) throws {
            guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { throw TLSSetupError("no TLS client") }
            unsafe pointer = context
        }

        /// Of servers.
        init(certificate: String, key: String) throws {
            guard let context = unsafe SSL_CTX_new(TLS_server_method()),
                unsafe SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) == 1,
                unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1
            else { throw TLSSetupError("no TLS server") }
            unsafe pointer = context
        }
    }

    /// What a later session may resume by.
    @safe final class Ticket {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }
        deinit { unsafe SSL_SESSION_free(pointer) }
    }

    init(_ context: Context, isServer: Bool, version: TLSVersion, ticket: Ticket? = nil, challenge: String? = nil) {
        // SAFETY (of the whole type): made here and freed in `deinit`, used by one thread; the session frees both BIOs.
        guard let session = unsafe SSL_new(context.pointer), let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else { preconditionFailure("memory is short") }
        unsafe (self.session, self.incoming, self.outgoing) = unsafe (session, incoming, outgoing)
        let number = version == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        unsafe SSL_ctrl(session, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(number), nil)
        unsafe SSL_set_bio(session, incoming, outgoing)
        if isServer { unsafe SSL_set_accept_state(session) } else { unsafe SSL_set_connect_state(session) }
        if let ticket { unsafe SSL_set_session(session, ticket.pointer) }
        if let challenge { unsafe Self.askForChallenge(session, of: challenge) }
    }

    /// Has a session ask for an authority's challenge of this server name.
    static func askForChallenge(_ session: OpaquePointer, of name: String, protocols: [String] = ["acme-tls/1"]) {
        // SAFETY: the texts are lent for the calls.
        let list = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        _ = unsafe SSL_set_alpn_protos(session, list, UInt32(list.count))
        _ = unsafe ctls_set_tlsext_host_name(session, name)
    }

    deinit {
        unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(session)
    }

    var isEstablished: Bool { unsafe SSL_is_init_finished(session) == 1 }
    /// The other side is done (close_notify).
    var hasEnded: Bool { unsafe SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

    func takeTicket() -> Ticket? {
        guard let session = unsafe SSL_get_session(session), unsafe SSL_SESSION_is_resumable(session) == 1,
            let copy = unsafe SSL_SESSION_dup(session)
        else { return nil }
        return unsafe Ticket(copy)
    }

    /// Goes on with the handshake, as far as it can.
    func shakeHands() {
        guard !hasFailed, !isEstablished else { return }
        ERR_clear_error()
        let outcome = unsafe SSL_do_handshake(session)
        if outcome != 1, unsafe SSL_get_error(session, outcome) != SSL_ERROR_WANT_READ { hasFailed = true }
        ERR_clear_error()
    }

    /// Takes ciphertext, and gives what it says in clear.
    func feed(_ bytes: [UInt8]) -> [UInt8] {
        unsafe BIO_write(incoming, bytes, Int32(bytes.count))
        shakeHands()
        guard isEstablished, !hasFailed else { return [] }
        ERR_clear_error()
        var clear: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe SSL_read(session, &room, Int32(room.count))
            guard count > 0 else {
                let error = unsafe SSL_get_error(session, count)
                if error != SSL_ERROR_WANT_READ, error != SSL_ERROR_ZERO_RETURN { hasFailed = true }
                break
            }
            clear += room.prefix(Int(count))
        }
        ERR_clear_error()
        return clear
    }

    /// Seals, in one record or several.
    func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, isEstablished, !hasFailed else { return }
        ERR_clear_error()
        if unsafe SSL_write(session, bytes, Int32(bytes.count)) <= 0 { hasFailed = true }
    }

    func closeNotify() {
        guard isEstablished, !hasFailed else { return }
        ERR_clear_error()
        unsafe SSL_shutdown(session)
        ERR_clear_error()
    }

    /// What has been said and is to be sent.
    func takeOutput() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(outgoing))
        guard !bytes.isEmpty else { return [] }
        let count = unsafe BIO_read(outgoing, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(0, count))))
    }
}
