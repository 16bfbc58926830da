import CTLS

@testable import Gatekeeper

/// OpenSSL's client at the far end of a pair of sockets, driven by the test a step at a time.
///
/// What it says collects until `flush`, so that a test decides what travels in one piece and when.
@safe final class TLSPeer {
    enum Handshake {
        case done, wantsMore, failed
    }

    let socket: PeerSocket
    private let context: OpaquePointer
    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// Trusts nobody when it `verifies`, anybody else.
    ///
    /// - Parameter prepare: changes the session before it begins.
    @safe init(
        _ socket: PeerSocket, version: TLSVersion? = nil, protocols: [String] = [], verifies: Bool = false,
        prepare: (OpaquePointer) -> Void = { _ in }
    ) throws {
        self.socket = socket
        // SAFETY (of the whole type): made here and freed in `deinit`, used by one thread; the session frees both BIOs.
        guard let context = unsafe SSL_CTX_new(TLS_client_method()), let session = unsafe SSL_new(context),
            let incoming = unsafe BIO_new(BIO_s_mem()), let outgoing = unsafe BIO_new(BIO_s_mem())
        else { throw TLSSetupError("no TLS client") }
        unsafe (self.context, self.session, self.incoming, self.outgoing) = unsafe (context, session, incoming, outgoing)
        if let version {
            let number = version == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
            // SSL_CTX_set_min_proto_version and its sibling, for one session.
            unsafe SSL_ctrl(session, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(number), nil)
            unsafe SSL_ctrl(session, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(number), nil)
        }
        if verifies { unsafe SSL_set_verify(session, SSL_VERIFY_PEER, nil) }
        let list = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !list.isEmpty { unsafe SSL_set_alpn_protos(session, list, UInt32(list.count)) }
        unsafe SSL_set_bio(session, incoming, outgoing)
        unsafe SSL_set_connect_state(session)
        unsafe prepare(session)
    }

    /// Sends data with the first flight, before the server has said anything (RFC 8446 §2.3); how much of it the session let us.
    func writeEarly(_ bytes: [UInt8]) -> Int {
        ERR_clear_error()
        var written = 0
        _ = unsafe SSL_write_early_data(session, bytes, bytes.count, &written)
        ERR_clear_error()
        return written
    }

    deinit {
        // Else OpenSSL spoils the session for whoever would resume it (SSL_set_shutdown(3)).
        unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(session)
        unsafe SSL_CTX_free(context)
    }

    /// What the server chose of our protocols.
    var chosenProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(session, &name, &count)
        return unsafe name.map { unsafe String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    }

    /// Whether the server's certificate is for this name or address, and proves a challenge.
    func names(_ name: String) -> Bool {
        let certificate = unsafe SSL_get0_peer_certificate(session)
        let object = unsafe OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1)
        defer { unsafe ASN1_OBJECT_free(object) }
        guard let certificate = unsafe certificate, unsafe X509_get_ext_by_OBJ(certificate, object, -1) >= 0 else { return false }
        return unsafe X509_check_host(certificate, name, name.utf8.count, 0, nil) == 1 || X509_check_ip_asc(certificate, name, 0) == 1
    }

    /// What a later connection may resume by.
    @safe final class Ticket {
        let session: OpaquePointer

        init(_ session: OpaquePointer) { unsafe self.session = session }

        deinit { unsafe SSL_SESSION_free(session) }
    }

    /// A copy, since the end of the connection spoils its own; nil while there is none.
    func takeTicket() -> Ticket? {
        guard let session = unsafe SSL_get_session(session), let copy = unsafe SSL_SESSION_dup(session) else { return nil }
        return unsafe Ticket(copy)
    }

    var isResumed: Bool { unsafe SSL_session_reused(session) == 1 }

    /// The server has said that it is done (close_notify).
    var hasReceivedCloseNotify: Bool { unsafe SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

    func handshake() -> Handshake {
        pull()
        ERR_clear_error()
        let outcome = unsafe SSL_do_handshake(session)
        let error = unsafe SSL_get_error(session, outcome)
        ERR_clear_error()
        flush()
        return outcome == 1 ? .done : error == SSL_ERROR_WANT_READ ? .wantsMore : .failed
    }

    /// Seals, and keeps until `flush`.
    func write(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        ERR_clear_error()
        unsafe SSL_write(session, bytes, Int32(bytes.count))
    }

    func closeNotify() {
        ERR_clear_error()
        unsafe SSL_shutdown(session)
    }

    /// Asks both sides for new keys (TLS 1.3).
    func updateKeys() {
        ERR_clear_error()
        unsafe SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED)
        unsafe SSL_do_handshake(session)
    }

    /// What has been said and not sent, as one piece.
    func takeUnsent() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(outgoing))
        let count = unsafe BIO_read(outgoing, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(0, count))))
    }

    /// Sends what has been said, in as few calls as the kernel takes.
    func flush() {
        var rest = takeUnsent()[...]
        while !rest.isEmpty {
            let count = socket.send(rest)
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Everything that has arrived, at most so many bytes of ciphertext of it.
    func read(max: Int = 1 << 20) -> [UInt8] {
        pull(max: max)
        ERR_clear_error()
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe SSL_read(session, &bytes, Int32(bytes.count))
            guard count > 0 else { break }
            all += bytes.prefix(Int(count))
        }
        ERR_clear_error()
        return all
    }

    private func pull(max: Int = 1 << 20) {
        guard case .bytes(let bytes) = socket.receive(max: max, waits: false) else { return }
        unsafe BIO_write(incoming, bytes, Int32(bytes.count))
    }
}
