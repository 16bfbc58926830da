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
            guard unsafe SSL_CTX_load_verify_file(context, path) == 1 else {
                throw TLSSetupError("authorities \(path) can't be loaded: \(TLSErrorQueue.drain())")
            }
        } else if settings.verifiesChain {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw TLSSetupError("the system's authorities can't be loaded: \(TLSErrorQueue.drain())")
            }
        }
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
