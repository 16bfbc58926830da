internal import CTLS

/// One TLS session over a socket: bytes in and out without ever blocking.
///
/// ```
///  socket ──recv──▶ OpenSSL's record buffer ──SSL_read──▶ Buffer (plaintext)
///  socket ◀──send── ciphertext Buffer ◀──SSL_write── plaintext
/// ```
///
/// Reading: one `recv` brings a record, or several of a large body; a short one is remembered, so no call is made to learn that nothing is left.
/// Writing: records collect in a buffer of the worker's pool and leave in one `send`; what the socket doesn't take stays here and is the
/// backpressure: `write` accepts nothing before it has gone. An idle session holds no buffer, unless a part of a record has come.
@safe final class TLSStream {
    let socket: Socket
    private let pool: BufferPool
    /// Kept alive: the session uses its BIO method and its library.
    private let context: TLSContext
    let session: OpaquePointer
    private let io: UnsafeMutablePointer<ctls_io>
    /// Ciphertext that the socket has not taken yet.
    private var ciphertext: Buffer?
    private var hasFailed = false
    var isBulkExpected = false
    /// False once the peer takes nothing any more.
    private var canSend = true
    /// errno of the `send` that failed, else 0.
    private var sendError: Int32 = 0

    /// `recv` calls in one go; whoever has sent more gets another turn when the others have had theirs. A flight may be long: a client's chain
    /// of certificates, early data that is passed over (RFC 8446 §4.2.10).
    private static let receiveBudget: Int32 = 8
    /// Ciphertext that may come without a byte of data in it once the handshake is over: some thousand changes of keys, which nobody needs.
    private static let emptyBytesMax = 128 << 10
    /// What a record of the largest size grows by when it is sealed, generously.
    private static let recordOverheadMax = 256

    /// Number of the alert by which the peer has ended the session, 0 for none.
    private(set) var receivedAlert: UInt8 = 0

    /// Towards a server: for how long what was verified of it holds, in seconds since 1970, if this session is resumed.
    var resumedVerification: Range<Int64>?

    /// The peer has said anything at all.
    var hasReceived: Bool { unsafe io.pointee.has_received }
    /// A server that we shake hands with has asked for a certificate of ours.
    var isCertificateAsked: Bool { unsafe io.pointee.certificate_asked }
    /// A server has asked for another handshake in the session, which it doesn't get.
    var isRenegotiationAsked: Bool { unsafe io.pointee.renegotiation_asked }

    /// Ciphertext that the socket has taken so far.
    private(set) var sentBytes: UInt64 = 0

    /// Plaintext that one `write` takes at most: what is sure to fit a buffer once sealed, eight records.
    static let writeBytesMax = 128 << 10

    /// Nil when memory is short.
    init?(_ socket: Socket, context: TLSContext, pool: BufferPool) {
        let io = UnsafeMutablePointer<ctls_io>.allocate(capacity: 1)
        unsafe io.initialize(to: ctls_io())
        unsafe io.pointee.descriptor = socket.descriptor
        guard let session = unsafe context.makeSession(over: io) else {
            unsafe io.deallocate()
            return nil
        }
        unsafe self.io = io
        unsafe self.session = session
        self.socket = socket
        self.pool = pool
        self.context = context
    }

    deinit {
        // OpenSSL forbids resuming a session that wasn't shut down, as if the peer were to blame for it (SSL_set_shutdown(3)).
        unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        unsafe SSL_free(session)
        unsafe io.deallocate()
        releaseCiphertext()
    }

    // MARK: Handshake

    enum HandshakeStep {
        case done
        case wouldBlock
        case failed(TLSFailure)
    }

    /// Goes as far as the bytes that are there and the budget allow; what it has to say is sent at once. Where the budget ends it, the socket's
    /// waiter is woken in the next turn.
    func handshake() -> HandshakeStep {
        ERR_clear_error()
        lendOutput()
        pullReadiness()
        let outcome = unsafe SSL_do_handshake(session)
        pushReadiness()
        let error = outcome == 1 ? SSL_ERROR_NONE : unsafe SSL_get_error(session, outcome)
        let failure: TLSFailure? =
            switch error {
            case SSL_ERROR_NONE, SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: nil
            default: describeFailure()
            }
        takeBackOutput()
        // Also after a failure: the alert says why.
        let flushed = flush()
        if let failure { return .failed(failure) }
        if flushed == .failed { return .failed(.reset) }
        guard outcome == 1 else {
            if isBudgetSpent || (error == SSL_ERROR_WANT_WRITE && flushed == .done) { socket.wakeLater() }
            return .wouldBlock
        }
        ERR_clear_error()
        // Of a server nobody says when it rests. Not earlier: the handshake would have memory made and freed for each of its records.
        if context.role == .client { releaseMemoryAlways(true) }
        unsafe io.pointee.received = 0
        return .done
    }

    /// More may wait at the kernel, of which no edge will tell.
    private var isBudgetSpent: Bool { unsafe io.pointee.budget <= 0 && io.pointee.readable }

    /// errno of the system call that ended it, 0 for none.
    var systemError: Int32 { unsafe sendError != 0 ? sendError : io.pointee.error }

    var version: TLSVersion {
        unsafe SSL_version(session) == TLS1_3_VERSION ? .tls13 : .tls12
    }

    /// What was agreed upon to seal records with, by its name in the standard (`TLS_AES_128_GCM_SHA256`); empty before that.
    var cipher: [UInt8] {
        // SAFETY: names are constant strings of the library.
        guard let cipher = unsafe SSL_get_current_cipher(session), let name = unsafe SSL_CIPHER_standard_name(cipher) else { return [] }
        return unsafe Array(String(cString: name).utf8)
    }

    // MARK: Memory

    /// Decrypted bytes, or parts of a record, wait here.
    var hasPendingBytes: Bool { unsafe SSL_has_pending(session) == 1 }

    /// A read brings something, whatever the socket says: bytes that wait, or an end that came right behind those which were handed out last.
    var hasNews: Bool { unsafe hasFailed || hasPendingBytes || SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// The session is about to wait for long: what waits for the socket lies in no more memory than it needs, and record buffers go. Or (false) it
    /// goes on.
    func park(_ isParked: Bool) {
        ciphertext?.compact()
        ciphertext?.park(isParked, in: pool)
        if isParked { releaseIdleMemory() }
    }

    // MARK: Reading

    enum ReadOutcome: Equatable {
        case bytes(Int)
        case wouldBlock
        /// The peer said that it is done (close_notify).
        case closed
        /// The connection ended without that: cut off, reset, or not TLS any more.
        case failed
    }

    /// Decrypts into the room of `buffer` until that, or `limit`, is full or nothing more is there.
    func read(into buffer: Buffer, limit: Int = .max) -> ReadOutcome {
        let outcome = decrypt(into: buffer, limit)
        // Reading may have had something to say: an alert, an answer to a KeyUpdate.
        if ciphertext != nil, flush() == .failed, canSend { return .failed }
        return outcome
    }

    private func decrypt(into buffer: Buffer, _ limit: Int) -> ReadOutcome {
        guard !hasFailed else { return .failed }
        guard unsafe SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN == 0 else { return .closed }
        guard unsafe socket.isReadable || SSL_has_pending(session) == 1 else { return .wouldBlock }
        lendOutput()
        pullReadiness()
        defer {
            pushReadiness()
            takeBackOutput()
        }
        var total = 0
        while buffer.room > 0, total < limit {
            let room = unsafe buffer.uninitialised
            let count = unsafe SSL_read(session, room.baseAddress, Int32(clamping: min(room.count, limit - total)))
            guard count > 0 else {
                // What came before an end is handed out first; the session remembers the end for the next call.
                let outcome = endOfRead(count, hasRead: total > 0)
                return total > 0 ? .bytes(total) : outcome
            }
            unsafe buffer.commit(Int(count))
            unsafe io.pointee.received = 0
            total += Int(count)
            // Nothing left here and nothing at the kernel: asking would only say so.
            if unsafe !io.pointee.readable && SSL_has_pending(session) == 0 { break }
        }
        return total > 0 ? .bytes(total) : .wouldBlock
    }

    private func endOfRead(_ count: Int32, hasRead: Bool) -> ReadOutcome {
        switch unsafe SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ where unsafe hasRead || io.pointee.received <= Self.emptyBytesMax:
            if !hasRead, isBudgetSpent { socket.wakeLater() }
            return .wouldBlock
        case SSL_ERROR_ZERO_RETURN:
            return .closed
        default:
            hasFailed = true
            noteAlert(TLSErrorQueue.drainFirst()?.reason ?? 0)
            return .failed
        }
    }

    /// Reasons above 1000 are alerts of the peer, numbered from there (ssl.h, SSL_AD_REASON_OFFSET).
    private func noteAlert(_ reason: Int32) {
        if reason > SSL_AD_REASON_OFFSET { receivedAlert = UInt8(clamping: reason - SSL_AD_REASON_OFFSET) }
    }

    // MARK: Writing

    enum FlushOutcome: Equatable {
        case done
        case wouldBlock
        case failed
    }

    /// Ciphertext waits for the socket.
    var hasUnsentBytes: Bool { ciphertext != nil }

    /// Encrypts from the front of `buffer`, at most `limit` bytes, consumes what was taken and sends it. Takes nothing while earlier bytes wait.
    func write(_ buffer: Buffer, limit: Int = .max) -> FlushOutcome {
        guard !hasFailed, canSend else { return .failed }
        if ciphertext != nil {
            let flushed = flush()
            guard flushed == .done else { return flushed }
        }
        let bytes = unsafe buffer.readablePointer
        let offered = min(bytes.count, limit, Self.writeBytesMax)
        guard offered > 0 else { return .done }
        lendOutput()
        var written = 0
        unsafe io.pointee.readable = false
        // Each call seals one record, of 16 KiB or as little as the client has negotiated (512 bytes, RFC 6066 §4).
        while written < offered, hasRoom(for: offered - written) {
            let count = unsafe SSL_write(session, bytes.baseAddress! + written, Int32(offered - written))
            guard count > 0 else {
                // There was room for the record, so this is a broken session and not a full one.
                hasFailed = true
                ERR_clear_error()
                break
            }
            written += Int(count)
        }
        takeBackOutput()
        buffer.consume(written)
        return hasFailed ? .failed : flush()
    }

    /// Whether the lent memory takes one more record.
    private func hasRoom(for count: Int) -> Bool {
        unsafe io.pointee.output_capacity - io.pointee.output_count >= min(count, 16 << 10) + Self.recordOverheadMax
    }

    /// Sends ciphertext that waits.
    func flush(more: Bool = false) -> FlushOutcome {
        guard canSend else { return .failed }
        guard let waiting = ciphertext else { return .done }
        while !waiting.isEmpty {
            let outcome = socket.send(waiting, more: more)
            switch outcome {
            case .bytes(let count): sentBytes += UInt64(count)
            case .wouldBlock: return .wouldBlock
            case .endOfStream, .failed:
                if case .failed(let code) = outcome { sendError = code }
                // What a server has said before it closed may lie here still: an early answer, or the alert that says why.
                if context.role == .client { canSend = false } else { hasFailed = true }
                return .failed
            }
        }
        releaseCiphertext()
        return .done
    }

    /// Says that nothing more comes (close_notify), as far as the socket takes it. The caller ends the connection right behind: the alert
    /// leaves in one segment with the FIN.
    func sendCloseNotify() {
        guard !hasFailed, unsafe SSL_is_init_finished(session) == 1 else { return }
        ERR_clear_error()
        lendOutput()
        if unsafe SSL_shutdown(session) < 0 { ERR_clear_error() }
        takeBackOutput()
        _ = flush(more: true)
    }

    // MARK: Memory and readiness lent to the BIO

    private func pullReadiness() {
        unsafe io.pointee.budget = Self.receiveBudget
        unsafe io.pointee.readable = socket.isReadable
        unsafe io.pointee.peer_closed = socket.peerClosed
    }

    private func pushReadiness() {
        if unsafe !io.pointee.readable { socket.readiness.remove(.readable) }
    }

    private func lendOutput() {
        let buffer = ciphertext ?? pool.take()
        ciphertext = buffer
        // SAFETY: `ciphertext` keeps the memory alive until `takeBackOutput`, which every lender calls before it returns.
        let room = unsafe buffer.uninitialised
        unsafe io.pointee.output = room.baseAddress
        unsafe io.pointee.output_capacity = room.count
        unsafe io.pointee.output_count = 0
    }

    private func takeBackOutput() {
        guard let buffer = ciphertext else { return }
        unsafe buffer.commit(io.pointee.output_count)
        unsafe io.pointee.output = nil
        unsafe io.pointee.output_capacity = 0
        unsafe io.pointee.output_count = 0
        if buffer.isEmpty { releaseCiphertext() }
    }

    private func releaseCiphertext() {
        if let ciphertext = ciphertext.take() { pool.give(ciphertext) }
    }

    private func describeFailure() -> TLSFailure {
        hasFailed = true
        defer { ERR_clear_error() }
        if let (reason, text) = TLSErrorQueue.drainFirst() {
            if reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST { return .plainHTTP }
            if reason == SSL_R_UNEXPECTED_EOF_WHILE_READING { return .closed }
            noteAlert(reason)
            let sent = unsafe io.pointee.alert_sent
            let cause = unsafe context.role == .server ? TLSFailure.cause(reason, sent: sent, by: session) : nil
            return TLSFailure(text: cause ?? text, alert: receivedAlert > 0 ? receivedAlert : sent)
        }
        return unsafe io.pointee.error != 0 ? .reset : .closed
    }
}
