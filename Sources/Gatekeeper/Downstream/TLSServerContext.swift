internal import CTLS

extension TLSContext {
    /// Towards our clients: the certificates, tickets to resume by, `http/1.1`.
    ///
    /// - Parameter clients: whose certificate every client must show; nil asks for none.
    convenience init(
        _ settings: Settings.TLS, clients: ClientAuthorities? = nil, library: TLSLibrary, ticketKeys: TicketKeys
    ) throws(TLSSetupError) {
        guard let first = settings.certificates.first else { throw TLSSetupError("there is no certificate") }
        guard settings.certificates.count > 1 || settings.refusesUnknownNames else {
            try self.init(.server, minimumVersion: settings.minimumVersion, library: library, ticketKeys: ticketKeys)
            try prepare([first], clients)
            return
        }
        let selector = try Self.makeCompanions(settings, clients, library, ticketKeys)
        try self.init(
            .server, minimumVersion: settings.minimumVersion, library: library, ticketKeys: ticketKeys, selector: selector)
        try prepare(selector.names.sets[0].map { settings.certificates[$0] }, clients)
        // SAFETY: `self.selector` lives as long as the context, and every session holds its context (`TLSStream`).
        let argument = unsafe Unmanaged.passUnretained(selector).toOpaque()
        unsafe ctls_ctx_set_server_name_callback(context, chooseCertificate, argument)
    }

    private static func makeCompanions(
        _ settings: Settings.TLS, _ clients: ClientAuthorities?, _ library: TLSLibrary, _ ticketKeys: TicketKeys
    ) throws(TLSSetupError) -> CertificateSelector {
        var descriptions: [ServerNames.Certificate] = []
        for certificate in settings.certificates {
            let alone = try TLSContext(.server, minimumVersion: settings.minimumVersion, library: library)
            let isThere = try alone.use(certificate)
            descriptions.append(
                isThere
                    ? alone.describeCertificate()
                    : ServerNames.Certificate(names: certificate.awaitedFor ?? [], keyKind: EVP_PKEY_EC))
            // The first one serves whoever asks for no name of ours, unless that is refused.
            let mayBeNameless = descriptions.count == 1 && !settings.refusesUnknownNames
            guard mayBeNameless || !ServerNames(descriptions.suffix(1)).isEmpty else {
                throw TLSSetupError("certificate \(certificate.path) is for no name: it has no usable subjectAltName")
            }
        }
        let names = ServerNames(descriptions)
        var contexts: [TLSContext] = []
        for set in names.sets {
            let context = try TLSContext(
                .server, minimumVersion: settings.minimumVersion, library: library, ticketKeys: ticketKeys)
            try context.prepare(set.map { settings.certificates[$0] }, clients)
            contexts.append(context)
        }
        return CertificateSelector(names: names, contexts: contexts, isStrict: settings.refusesUnknownNames)
    }

    /// The names that we are asked for by; nil when there is one certificate for whatever is asked.
    var names: ServerNames? { selector?.names }

    /// The names that there are certificates for.
    var shownNames: ServerNames { selector?.names ?? ServerNames([describeCertificate()]) }

    private func prepare(
        _ certificates: [Settings.TLS.Certificate], _ clients: ClientAuthorities?
    ) throws(TLSSetupError) {
        // Early data can be replayed, a ticket with it twice.
        _ = unsafe SSL_CTX_set_num_tickets(context, 1)
        _ = unsafe SSL_CTX_set_max_early_data(context, 0)
        unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
        unsafe SSL_CTX_set_info_callback(context, noteAlert)
        sealTickets()
        for certificate in certificates { try use(certificate) }
        if let clients { try demandCertificate(of: clients) } else { setSessionContext("open") }
    }

    /// Shows this certificate to peers; while it is awaited what stands in for it, or none: OpenSSL then ends each handshake with handshake_failure.
    ///
    /// - Returns: whether there is one.
    @discardableResult
    func use(_ certificate: Settings.TLS.Certificate) throws(TLSSetupError) -> Bool {
        guard certificate.isAwaited else {
            try use(certificatePath: certificate.path, keyPath: certificate.keyPath)
            return true
        }
        guard let standIn = certificate.standIn else { return false }
        try use(certificatePath: standIn.path, keyPath: standIn.keyPath)
        return true
    }

    /// Every handshake is a full one, so that each connection is judged by a certificate that is valid now: no tickets are given, and none is
    /// taken, whichever listener it is from.
    func demandCertificate(of clients: ClientAuthorities) throws(TLSSetupError) {
        let authorities = try trust(authorities: clients.path)
        // What a client is told to choose its certificate by.
        for authority in authorities { _ = unsafe SSL_CTX_add_client_CA(context, authority.pointer) }
        if let path = clients.revocationPath { try revoke(by: path, authorities: authorities, from: clients.path) }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        unsafe SSL_CTX_set_options(context, ctls_op_no_ticket)
        _ = unsafe SSL_CTX_set_num_tickets(context, 0)
        setSessionContext("client certificate")
    }

    /// A session resumes only where this is the same (SSL_CTX_set_session_id_context(3)).
    private func setSessionContext(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe SSL_CTX_set_session_id_context(context, bytes, UInt32(bytes.count))
    }
}

/// Server name indication (RFC 6066 §3): changes to the certificates that are for the name, or keeps the first ones. Where only our names
/// may be asked for, another one, or none, ends the handshake.
private func chooseCertificate(
    session: OpaquePointer?, alert: UnsafeMutablePointer<Int32>?, argument: UnsafeMutableRawPointer?
) -> Int32 {
    guard let session = unsafe session, let argument = unsafe argument else { return SSL_TLSEXT_ERR_NOACK }
    // SAFETY: what was installed with this function; see there. The name is a C string that OpenSSL holds for the handshake.
    let selector = unsafe Unmanaged<CertificateSelector>.fromOpaque(argument).takeUnretainedValue()
    let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) }
    guard let set = name.flatMap({ selector.names.set(for: $0) }) else {
        guard selector.isStrict else { return SSL_TLSEXT_ERR_NOACK }
        unsafe alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    if set > 0, unsafe SSL_set_SSL_CTX(session, selector.contexts[set].context) == nil { return SSL_TLSEXT_ERR_ALERT_FATAL }
    return SSL_TLSEXT_ERR_OK
}

/// Remembers the fatal alert that a session sends, for the log.
private func noteAlert(session: OpaquePointer?, event: Int32, value: Int32) {
    guard event & SSL_CB_ALERT != 0, event & SSL_CB_WRITE != 0, value >> 8 == SSL3_AL_FATAL, let session = unsafe session,
        let bio = unsafe SSL_get_rbio(session), let io = unsafe BIO_get_data(bio)
    else { return }
    // SAFETY: every session of ours reads through the BIO of `makeSession`, whose data is its `ctls_io`.
    unsafe io.assumingMemoryBound(to: ctls_io.self).pointee.alert_sent = UInt8(truncatingIfNeeded: value)
}

/// ALPN (RFC 7301): `http/1.1`, else `http/1.0`, or nothing. A client that offers only other protocols is told so instead of being
/// misunderstood.
private func selectProtocol(
    _: OpaquePointer?, selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, selectedCount: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?, offeredCount: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    let offers = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    guard let start = unsafe offset(of: "http/1.1", in: offers) ?? offset(of: "http/1.0", in: offers) else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    // SAFETY: `start` is inside the offer, which OpenSSL keeps until the handshake is over, as it asks of what we point to.
    unsafe selected?.pointee = offered.map { unsafe $0 + start }
    unsafe selectedCount?.pointee = 8
    return SSL_TLSEXT_ERR_OK
}

/// Where a protocol's name begins in a list of them, each behind its length.
@unsafe private func offset(of name: StaticString, in offers: UnsafeBufferPointer<UInt8>) -> Int? {
    let count = name.utf8CodeUnitCount
    var index = 0
    while index < offers.count {
        let length = unsafe Int(offers[index])
        let start = index + 1
        guard length > 0, start + length <= offers.count else { return nil }
        // SAFETY: bounds were just checked; a static string's UTF-8 is constant memory of that many bytes.
        let wanted = unsafe UnsafeBufferPointer(start: name.utf8Start, count: count)
        if unsafe length == count && offers[start..<start + length].elementsEqual(wanted) { return start }
        index = start + length
    }
    return nil
}

extension Settings.TLS.Certificate {
    /// It has been ordered, and hasn't come yet.
    package var isAwaited: Bool { awaitedFor != nil && FileStamp(path: path) == nil }
}
