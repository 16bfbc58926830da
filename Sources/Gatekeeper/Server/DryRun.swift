internal import Synchronization

/// What a server does at its start, each step by itself and without serving: for whoever wants to know beforehand all that is wrong.
///
/// Every step is done by the code that does it in earnest. Nothing that runs notices: no file is written, no connection is accepted.
package struct DryRun {
    let settings: Settings
    private let library: TLSLibrary
    private let ticketKeys: TicketKeys

    /// One for all: it is never freed, and OpenSSL has room for about a thousand.
    private static let library = Result { () throws(TLSSetupError) in try TLSLibrary() }

    package init(_ settings: Settings) throws(ServerError) {
        self.settings = settings
        do throws(TLSSetupError) {
            library = try Self.library.get()
            ticketKeys = try TicketKeys()
        } catch {
            throw ServerError(settings: error.description)
        }
    }

    /// Loads one certificate with its key.
    package func load(_ certificate: Settings.TLS.Certificate) throws(ServerError) {
        try Self.retold { () throws(TLSSetupError) in
            let context = try TLSContext(.server, minimumVersion: settings.tls.minimumVersion, library: library)
            try context.use(certificate)
        }
    }

    /// Loads the authorities of client certificates, with their revocation lists.
    package func load(clientAuthorities path: String, revocations revocationPath: String? = nil) throws(ServerError) {
        try Self.retold { () throws(TLSSetupError) in
            try TLSContext(.server, minimumVersion: settings.tls.minimumVersion, library: library)
                .demandCertificate(of: ClientAuthorities(path: path, revocationPath: revocationPath))
        }
    }

    /// Loads everything together, as it is served by: what is right by itself may not fit.
    package func loadAll() throws(ServerError) {
        _ = try snapshot()
    }

    /// Binds a listener's address for a moment; throws if the system doesn't let us, or somebody listens there.
    ///
    /// - Parameter isFree: the address needn't be the machine's.
    package func bind(_ address: SocketAddress, isFree: Bool = false) throws(ServerError) {
        do throws(SystemError) {
            if !isFree { try System.waitForDuplicateDetection(of: address) }
            let isIPv6Only = address.isIPv6Only(among: settings.listeners.map(\.address))
            try System.probe(address, isIPv6Only: isIPv6Only, isFree: isFree)
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
        let connectMilliseconds = settings.timeouts.connectMilliseconds
        let name = settings.upstream.servers.isEmpty ? nil : ownName
        return try visit(server) { pool, waiter, loop in
            let outcome = await pool.dial(waiter: waiter, on: loop, timeoutMilliseconds: connectMilliseconds, serverName: name)
            guard case .connected(let connection) = outcome else { return outcome.reason.map { "\($0)" } }
            defer { connection.close() }
            return await CertificateVerdict(connection, pool.buffers, waiter, loop).objection().map { "\($0)" }
        }
    }

    /// That clients ask for.
    var ownName: String? {
        settings.tls.certificates.lazy.compactMap { try? CertificateChain(path: $0.path).leaf }
            .compactMap { ServerNames([ServerNames.Certificate(names: $0.names, keyKind: 0)]).first }.first
    }

    /// What a ticket system answers to questions of our own, each over a connection of its own, up to the first without an answer.
    ///
    /// - Parameter milliseconds: for each connection, and for each answer, at most; `timeouts.connect` may say less.
    package func ask(
        _ server: Settings.Upstream.Server, _ questions: [UpstreamQuestion], milliseconds: Int
    ) throws(ServerError) -> UpstreamHearing {
        let connectMilliseconds = min(milliseconds, settings.timeouts.connectMilliseconds)
        // Whom it is asked for may be told, not played.
        var clientAddress = settings.upstream.clientAddress
        clientAddress.source = .own
        return try visit(server, showing: clientAddress) { pool, waiter, loop in
            let probe = UpstreamProbe(
                pool: pool, waiter: waiter, loop: loop, connectMilliseconds: connectMilliseconds, answerMilliseconds: milliseconds)
            var hearing = UpstreamHearing()
            for case .ip(let address) in pool.target.addresses { hearing.addresses.append(address) }
            for question in questions {
                switch await probe.ask(question) {
                case .answered(let answer): hearing.answers.append(answer)
                case .failed(let reason), .unasked(let reason):
                    hearing.failure = "\(reason)"
                    return hearing
                }
            }
            return hearing
        }
    }

    /// Runs `body` on a loop of its own that ends with it, with what a worker would have of this ticket system.
    ///
    /// - Parameter clientAddress: in place of what is set.
    func visit<Value: Sendable>(
        _ server: Settings.Upstream.Server, showing clientAddress: Settings.Upstream.ClientAddress? = nil,
        _ body: @escaping @Sendable (UpstreamPool, Waiter, EventLoop) async -> Value
    ) throws(ServerError) -> Value {
        var upstream = settings.upstream
        upstream.servers = [server]
        if let clientAddress { upstream.clientAddress = clientAddress }
        let group = try UpstreamGroup(upstream, connectMilliseconds: settings.timeouts.connectMilliseconds, libraries: [library])
        let visit = Visit<Value>()
        do throws(SystemError) {
            let loop = try EventLoop()
            Task(executorPreference: loop) {
                let tls = server.tls.flatMap { settings in group.contexts[0].map { UpstreamTLS(settings, context: $0[0]) } }
                let pool = UpstreamPool(group.targets[0], tls: tls, buffers: BufferPool(), loop: loop)
                let waiter = Waiter(on: loop)
                let value = await body(pool, waiter, loop)
                waiter.end()
                visit.value.withLock { $0 = value }
                loop.finish()
            }
            loop.run()
        } catch {
            throw ServerError(error)
        }
        guard let value = visit.value.withLock({ $0 }) else { throw ServerError(settings: "\(server.name) was left too early") }
        return value
    }

    /// What a visit came to.
    private final class Visit<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// What would be served by.
    func snapshot() throws(ServerError) -> Snapshot {
        let group = try UpstreamGroup(
            settings.upstream, connectMilliseconds: settings.timeouts.connectMilliseconds, libraries: [library])
        return try Snapshot(
            settings, after: nil, sources: SourceCounters(), rates: SourceRates(), handshakes: SourceRates(), upstream: group,
            ticketKeys: ticketKeys, libraries: [library])
    }

    private static func retold(_ body: () throws(TLSSetupError) -> Void) throws(ServerError) {
        do throws(TLSSetupError) {
            try body()
        } catch {
            throw ServerError(settings: error.description)
        }
    }
}
