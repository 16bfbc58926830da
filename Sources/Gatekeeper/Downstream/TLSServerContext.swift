internal import CTLS

extension TLSContext {
    /// Towards our clients: the certificate, tickets to resume by, `http/1.1`.
    convenience init(_ settings: Settings.TLS, library: TLSLibrary, ticketKeys: TicketKeys) throws(TLSSetupError) {
        try self.init(.server, minimumVersion: settings.minimumVersion, library: library)
        // Early data can be replayed, a ticket with it twice.
        _ = unsafe SSL_CTX_set_num_tickets(context, 1)
        _ = unsafe SSL_CTX_set_max_early_data(context, 0)
        unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
        unsafe ticketKeys.install(on: context)
        try use(certificatePath: settings.certificatePath, keyPath: settings.keyPath)
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
