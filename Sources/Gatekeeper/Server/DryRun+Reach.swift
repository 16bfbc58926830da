extension DryRun {
    /// How far a connection gets, as clients of others would make it: TCP, then TLS with all that it is verified by. Nothing is asked over it.
    package struct Reach: Equatable, Sendable {
        /// Nil where nobody has taken it.
        package var connectMilliseconds: Int?
        /// Nil where it didn't come about, or wasn't tried.
        package var handshakeMilliseconds: Int?
        /// The log's word for why there was no connection, or no TLS with whom it must be.
        package var failure: String?
        /// What was shown, trusted or not.
        package var certificate: CertificateChain.Certificate?

        package init(
            connectMilliseconds: Int? = nil, handshakeMilliseconds: Int? = nil, failure: String? = nil,
            certificate: CertificateChain.Certificate? = nil
        ) {
            self.connectMilliseconds = connectMilliseconds
            self.handshakeMilliseconds = handshakeMilliseconds
            self.failure = failure
            self.certificate = certificate
        }
    }

    /// Connects once to look, and twice more where TLS is spoken: to verify, and for the certificate.
    ///
    /// - Parameters:
    ///   - name: whom the certificate must be for; nil where TCP is all.
    ///   - milliseconds: for each connection, at most.
    package static func reach(_ address: SocketAddress, name: String?, milliseconds: Int) throws(ServerError) -> Reach {
        var settings = Settings.empty
        settings.timeouts.connectMilliseconds = milliseconds
        let dryRun = try DryRun(settings)
        var server = Settings.Upstream.Server(endpoint: .address(address), name: "\(address)")
        var reach = Reach()
        (reach.connectMilliseconds, reach.failure) = try dryRun.time(server)
        guard let name, reach.connectMilliseconds != nil else { return reach }
        server.tls = Settings.Upstream.TLS(peer: .name(name))
        (reach.handshakeMilliseconds, reach.failure) = try dryRun.time(server)
        // One that is silent shows none either.
        if reach.failure != "\(UpstreamTLSFailure.silent.reason)" { reach.certificate = try dryRun.certificate(of: server)?.facts }
        return reach
    }

    /// How long one connection takes, or why there is none.
    private func time(_ server: Settings.Upstream.Server) throws(ServerError) -> (Int?, String?) {
        let connectMilliseconds = settings.timeouts.connectMilliseconds
        return try visit(server) { pool, waiter, loop in
            let began = System.now()
            let outcome = await pool.dial(waiter: waiter, on: loop, timeoutMilliseconds: connectMilliseconds)
            guard case .connected(let connection) = outcome else { return (nil, outcome.reason.map { "\($0)" } ?? "aborted") }
            connection.close()
            return (Int(System.now().nanoseconds(since: began) / 1_000_000), nil)
        }
    }
}
