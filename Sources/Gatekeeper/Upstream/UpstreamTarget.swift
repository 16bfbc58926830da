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
    let idleConnectionsMax: Int
    let idleTimeoutMilliseconds: Int
    let health: UpstreamHealth
    let slots: ConnectionSlots
    private let state: Mutex<State>
    private let version = SpokenVersion()
    private let down = Mutex<Failure?>(nil)

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
        /// The resolver to ask after a connect failure; nil for an address that needs none.
        var resolver: Resolver?
    }

    /// - Parameter resolved: told when a name has been asked for once; an address needs no asking.
    init(_ server: Settings.Upstream.Server, of settings: Settings.Upstream, resolved: Countdown? = nil) throws(ServerError) {
        name = server.name
        tls = server.tls
        health = UpstreamHealth(isChecked: settings.check != nil)
        slots = ConnectionSlots(connectionsMax: settings.connectionsMax, waitingMax: settings.queueMax)
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

    /// It never sends 100, and takes no chunks.
    func speaksHTTP10(now: Instant) -> Bool { version.isHTTP10(now: now) }

    /// The version that a response came in.
    func note(version: HTTPVersion, now: Instant) {
        self.version.note(version, now: now)
    }

    /// A connection failed: what the name stands for may have moved.
    func reportConnectFailure() {
        state.withLock { $0.resolver }?.refresh()
    }

    /// What the name stands for now. Keeps the last good answer when it is not resolved for a while.
    func update(_ addresses: [SocketAddress]) {
        guard !addresses.isEmpty else { return }
        state.withLock { $0.addresses = addresses.map(ConnectAddress.ip) }
    }
}
