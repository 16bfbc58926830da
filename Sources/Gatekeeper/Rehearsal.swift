internal import Synchronization

/// What a server does at its start, each step by itself and without serving: for whoever wants to know beforehand all that is wrong.
///
/// Every step is done by the code that does it in earnest. Nothing that runs notices: no file is written, no connection is accepted.
package struct Rehearsal {
    private let settings: Settings
    private let library: TLSLibrary
    private let ticketKeys: TicketKeys

    package init(_ settings: Settings) throws(ServerError) {
        self.settings = settings
        do throws(TLSSetupError) {
            library = try TLSLibrary()
            ticketKeys = try TicketKeys()
        } catch {
            throw ServerError(settings: error.description)
        }
    }

    /// Loads one certificate with its key.
    package func load(_ certificate: Settings.TLS.Certificate) throws(ServerError) {
        try Self.retold { () throws(TLSSetupError) in
            let context = try TLSContext(.server, minimumVersion: settings.tls.minimumVersion, library: library)
            try context.use(certificatePath: certificate.path, keyPath: certificate.keyPath)
        }
    }

    /// Loads the authorities of client certificates.
    package func load(clientAuthorities path: String) throws(ServerError) {
        try Self.retold { () throws(TLSSetupError) in
            try TLSContext(.server, minimumVersion: settings.tls.minimumVersion, library: library).demandCertificate(of: path)
        }
    }

    /// Loads everything together, as it is served by: what is right by itself may not fit.
    package func loadAll() throws(ServerError) {
        _ = try snapshot()
    }

    /// Binds a listener's address for a moment; throws if the system doesn't let us, or somebody listens there.
    package func bind(_ address: SocketAddress) throws(ServerError) {
        do throws(SystemError) {
            try System.probe(address)
        } catch {
            throw ServerError(error)
        }
    }

    /// Has the kernel try the filters that strangers are dropped by.
    ///
    /// - Returns: false if the list is too long for them to drop every stranger.
    package func tryFilters() throws(ServerError) -> Bool {
        do throws(SystemError) {
            return try !ListenerFilters.make(settings).values.contains(where: \.isCoarse)
        } catch {
            throw ServerError(filter: error)
        }
    }

    /// Connects to a ticket system, with TLS and all that it is verified by where that is set, and closes the connection.
    ///
    /// - Returns: nil if it answers, else the word that the log has for why not.
    package func call(_ server: Settings.Upstream.Server) throws(ServerError) -> String? {
        var upstream = settings.upstream
        upstream.servers = [server]
        let connectMilliseconds = settings.timeouts.connectMilliseconds
        let group = try UpstreamGroup(upstream, connectMilliseconds: connectMilliseconds, libraries: [library])
        do throws(SystemError) {
            let loop = try EventLoop()
            let call = Call()
            Task(executorPreference: loop) {
                let tls = server.tls.flatMap { settings in group.contexts[0].map { UpstreamTLS(settings, context: $0[0]) } }
                let pool = UpstreamPool(group.targets[0], tls: tls, buffers: BufferPool(), loop: loop)
                let waiter = Waiter(on: loop)
                let outcome = await pool.dial(waiter: waiter, on: loop, timeoutMilliseconds: connectMilliseconds)
                if case .connected(let connection) = outcome { connection.close() }
                waiter.end()
                call.reason.withLock { $0 = outcome.reason.map { "\($0)" } }
                loop.finish()
            }
            loop.run()
            return call.reason.withLock { $0 }
        } catch {
            throw ServerError(error)
        }
    }

    /// What a call came to.
    private final class Call: Sendable {
        let reason = Mutex<String?>(nil)
    }

    /// What would be served by.
    func snapshot() throws(ServerError) -> Snapshot {
        let group = try UpstreamGroup(
            settings.upstream, connectMilliseconds: settings.timeouts.connectMilliseconds, libraries: [library])
        return try Snapshot(
            settings, after: nil, sources: SourceCounters(), rates: SourceRates(), upstream: group, ticketKeys: ticketKeys,
            libraries: [library])
    }

    private static func retold(_ body: () throws(TLSSetupError) -> Void) throws(ServerError) {
        do throws(TLSSetupError) {
            try body()
        } catch {
            throw ServerError(settings: error.description)
        }
    }
}
