extension DryRun {
    /// The certificate that a ticket system shows, whoever it is by. Nil where none comes, and for one that isn't spoken to by TLS.
    ///
    /// No key has the hash that is asked for: the handshake ends with what was shown, and nothing is sent.
    package func certificate(of server: Settings.Upstream.Server) throws(ServerError) -> UpstreamCertificate? {
        guard server.tls != nil else { return nil }
        var server = server
        server.tls?.pins = [[UInt8](repeating: 0, count: 32)]
        server.tls?.authorityPath = nil
        let connectMilliseconds = settings.timeouts.connectMilliseconds
        return try visit(server) { pool, waiter, loop in
            let outcome = await pool.dial(waiter: waiter, on: loop, timeoutMilliseconds: connectMilliseconds, serverName: nil)
            if case .connected(let connection) = outcome { connection.close() }
            return pool.tls?.unpinned
        }
    }
}

extension CertificateChain.Certificate {
    /// Whether a client that asks for this name or address takes it.
    package func isFor(_ name: String) -> Bool {
        ServerNames([ServerNames.Certificate(names: names, keyKind: 0)]).set(for: name) != nil
    }
}
