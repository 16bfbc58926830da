internal import CTLS

extension TLSContext {
    /// Towards the ticket system: its authorities, `http/1.1`, a certificate of ours if there is one.
    convenience init(_ settings: Settings.Upstream.TLS, library: TLSLibrary) throws(TLSSetupError) {
        try self.init(.client, minimumVersion: .tls12, library: library)
        // One `recv` brings four of the largest records.
        unsafe SSL_CTX_set_default_read_buffer_len(context, 4 * (16 << 10) + 1024)
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        _ = unsafe SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count))
        if let path = settings.authorityPath {
            try trust(authorities: path)
        } else if settings.verifiesChain {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw TLSSetupError("the system's authorities can't be loaded: \(TLSErrorQueue.drain())")
            }
        }
        unsafe SSL_CTX_set_cert_cb(context, noteCertificateAsked, nil)
        unsafe SSL_CTX_set_info_callback(context, noteRenegotiationAsked)
        unsafe SSL_CTX_set_verify(context, settings.verifiesChain ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if let certificatePath = settings.certificatePath, let keyPath = settings.keyPath {
            try use(certificatePath: certificatePath, keyPath: keyPath)
        }
    }
}

extension Settings.Upstream.TLS {
    /// A pin alone stands in for the chain and the name.
    var verifiesChain: Bool { authorityPath != nil || pins.isEmpty }
}

/// A server asks for a certificate, and is shown the one that the context has, or none.
private func noteCertificateAsked(session: OpaquePointer?, _: UnsafeMutableRawPointer?) -> Int32 {
    unsafe note(session) { unsafe $0.certificate_asked = true }
    return 1
}

/// We have answered a HelloRequest by `no_renegotiation` (RFC 5246 §7.2.2): a warning, after which most servers give up.
private func noteRenegotiationAsked(session: OpaquePointer?, event: Int32, value: Int32) {
    guard event & SSL_CB_ALERT != 0, event & SSL_CB_WRITE != 0, value & 0xff == SSL_AD_NO_RENEGOTIATION else { return }
    unsafe note(session) { unsafe $0.renegotiation_asked = true }
}

@unsafe private func note(_ session: OpaquePointer?, _ change: (inout ctls_io) -> Void) {
    guard let session = unsafe session, let bio = unsafe SSL_get_rbio(session), let io = unsafe BIO_get_data(bio) else { return }
    // SAFETY: every session of ours reads through the BIO of `makeSession`, whose data is its `ctls_io`.
    unsafe change(&io.assumingMemoryBound(to: ctls_io.self).pointee)
}
