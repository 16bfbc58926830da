internal import Synchronization

/// The ticket system as an address to connect to: shared by all workers, kept up to date by the resolver.
///
/// Read only when a connection is dialled, which keep-alive makes rare; hence a lock and not something cleverer.
final class UpstreamTarget: Sendable {
    /// The URL as configured, for log lines.
    let name: String
    /// Host and port, for requests of our own.
    let authority: String
    /// 0 for a UNIX socket.
    let port: UInt16
    /// Nil in clear.
    let tls: Settings.Upstream.TLS?
    let clientAddress: Settings.Upstream.ClientAddress
    let idleConnectionsMax: Int
    let idleTimeoutMilliseconds: Int
    let health: UpstreamHealth
    let slots: ConnectionSlots
    /// Where connections come from clients' addresses.
    let untransparent = UntransparentClients()
    private let state: Mutex<State>
    private let version = SpokenVersion()
    private let down = Mutex<Failure?>(nil)
    /// It has asked for a login that belongs to a connection (NTLM, Negotiate).
    private let asksForIdentity = Atomic(false)
    /// Counts up whenever connections that were good before may not be any more.
    private let epoch = Atomic<UInt64>(0)

    /// Why it is down, and since when.
    struct Failure: Sendable {
        /// The log's word.
        var reason: StaticString
        var sinceMilliseconds: Int64
    }

    /// Nil while it is up.
    var failure: Failure? { down.withLock { $0 } }

    func note(_ failure: Failure?) {
        down.withLock { $0 = failure }
    }

    private struct State {
        var addresses: [ConnectAddress]
        /// What hasn't carried an answer since may be dead.
        var distrustedUntil = Instant(nanoseconds: 0)
        /// Addresses that failed where another one answered, and for how long they are tried last.
        var demoted: [ConnectAddress] = []
        var demotedUntil = Instant(nanoseconds: 0)
        /// The resolver to ask after a connect failure; nil for an address that needs none.
        var resolver: Resolver?
    }

    /// - Parameter resolved: told when a name has been asked for once; an address needs no asking.
    init(_ server: Settings.Upstream.Server, of settings: Settings.Upstream, resolved: Latch? = nil) throws(ServerError) {
        name = server.name
        tls = server.tls
        health = UpstreamHealth(isChecked: settings.check != nil, isSole: settings.servers.count <= 1)
        slots = ConnectionSlots(connectionsMax: settings.connectionsMax, waitingMax: settings.queueMax)
        clientAddress = settings.clientAddress
        idleConnectionsMax = settings.idleConnectionsMax
        idleTimeoutMilliseconds = settings.idleTimeoutMilliseconds
        switch server.endpoint {
        case .address(let address):
            authority = address.description
            port = address.port
            state = Mutex(State(addresses: [.ip(address)]))
        case .unix(let path):
            guard path.utf8.count <= ConnectAddress.unixPathBytesMax else {
                throw ServerError(settings: "upstream \(name): a socket path has at most \(ConnectAddress.unixPathBytesMax) bytes")
            }
            authority = "localhost"
            port = 0
            state = Mutex(State(addresses: [.unix(path)]))
        case .host(let host, let port):
            authority = "\(host):\(port)"
            self.port = port
            state = Mutex(State(addresses: []))
            let resolver: Resolver
            do throws(SystemError) {
                resolver = try Resolver(host: host, port: port, first: resolved) { [weak self] in self?.update($0) }
            } catch {
                throw ServerError(error)
            }
            state.withLock { $0.resolver = resolver }
        }
    }

    deinit {
        state.withLock { $0.resolver }?.stop()
    }

    /// In the order to be tried. Empty while a name has never been resolved.
    var addresses: [ConnectAddress] {
        state.withLock { $0.addresses }
    }

    /// Takes what the name stood for until now, should no answer have come yet, or none come.
    func inherit(_ addresses: [ConnectAddress]) {
        state.withLock { if $0.addresses.isEmpty { $0.addresses = addresses } }
    }

    /// The same, but last those that have failed of late where another one answered: a name's IPv6 address may lead nowhere for years, and not every
    /// connection has to find out.
    func addresses(at now: Instant) -> [ConnectAddress] {
        state.withLock { state in
            guard !state.demoted.isEmpty, now < state.demotedUntil else { return state.addresses }
            return state.addresses.filter { !state.demoted.contains($0) } + state.addresses.filter { state.demoted.contains($0) }
        }
    }

    /// These failed, and another one answered.
    func demote(_ addresses: [ConnectAddress], now: Instant) {
        state.withLock { state in
            state.demoted = addresses
            state.demotedUntil = now.advanced(byMilliseconds: Self.demotedMilliseconds)
        }
    }

    private static let demotedMilliseconds = 300_000

    /// It never sends 100, and takes no chunks.
    func speaksHTTP10(now: Instant) -> Bool { version.isHTTP10(now: now) }

    /// The version that a response came in.
    func note(version: HTTPVersion, now: Instant) {
        self.version.note(version, now: now)
    }

    /// Whether it has ever asked for a login that belongs to a connection.
    var bindsIdentities: Bool { asksForIdentity.load(ordering: .relaxed) }

    func noteIdentityAsked() {
        if !bindsIdentities { asksForIdentity.store(true, ordering: .relaxed) }
    }

    /// A connection failed: what the name stands for may have moved.
    func reportConnectFailure() {
        askAgain()
    }

    /// What the name stands for is asked for now; an address needs no asking.
    func askAgain() {
        state.withLock { $0.resolver }?.refresh()
    }

    /// What the name stands for now. Keeps the last good answer when it is not resolved for a while.
    func update(_ addresses: [SocketAddress]) {
        guard !addresses.isEmpty else { return }
        let addresses = addresses.map(ConnectAddress.ip)
        let isOther = state.withLock { state in
            defer { state.addresses = addresses }
            return state.addresses.contains { !addresses.contains($0) }
        }
        if isOther { beginEpoch() }
    }

    // MARK: Kept connections

    /// What a connection that is opened now belongs to.
    var currentEpoch: UInt64 { epoch.load(ordering: .acquiring) }

    /// A kept connection turned out to be dead: those that haven't carried an answer since are closed, with every worker.
    func distrustKept(now: Instant) {
        state.withLock { $0.distrustedUntil = now }
        beginEpoch()
    }

    private func beginEpoch() {
        epoch.add(1, ordering: .acquiringAndReleasing)
        slots.ring()
    }

    /// Whether a kept connection still leads to where a new one would, as far as is known. Two loads as long as nothing has changed.
    func accepts(_ connection: UpstreamConnection) -> Bool {
        let current = currentEpoch
        if connection.epoch == current { return true }
        let isGood = state.withLock { state in
            // Somebody has logged in on a bound one: it is given up for what it shows itself alone.
            (connection.isBound || connection.idleSince > state.distrustedUntil) && state.addresses.contains(connection.address)
        }
        if isGood { connection.epoch = current }
        return isGood
    }
}
