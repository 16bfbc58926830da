/// The ticket systems of one configuration, one or several that stand in for each other: shared by all workers.
final class UpstreamGroup: Sendable {
    /// In the order of the configuration.
    let targets: [UpstreamTarget]
    let order: Settings.Upstream.Order
    /// Nil where there are passive checks only.
    let check: Settings.Upstream.Check?
    /// How their connections show clients.
    let clientAddress: Settings.Upstream.ClientAddress
    /// They do: a connection is for one client alone.
    let showsClients: Bool
    /// Towards each ticket system, one for each worker; nil in clear.
    let contexts: [[TLSContext]?]
    /// What tells requests of ours that have come back to us; as `LoopMarker`.
    let loopMarker: String
    /// What it was made from: a configuration that says the same goes on with the same connections.
    let identity: UpstreamIdentity

    /// More than anybody has; a request remembers in one word which it has tried.
    static let targetsMax = 64
    private static let resolutionMilliseconds: Int32 = 5_000

    init(
        _ settings: Settings.Upstream, connectMilliseconds: Int, libraries: [TLSLibrary], loopMarker: String = "",
        after previous: UpstreamGroup? = nil
    ) throws(ServerError) {
        self.loopMarker = loopMarker
        // Before the files are read: one that changes in between is read again with the next configuration.
        identity = UpstreamIdentity(settings, connectMilliseconds: connectMilliseconds)
        guard (1...Self.targetsMax).contains(settings.servers.count) else {
            throw ServerError(settings: "there must be 1 to \(Self.targetsMax) upstreams")
        }
        var targets: [UpstreamTarget] = []
        let resolved = Latch(settings.servers.count { if case .host = $0.endpoint { true } else { false } })
        for server in settings.servers {
            let target = try UpstreamTarget(server, of: settings, resolved: resolved)
            if let old = previous?.targets.first(where: { $0.authority == target.authority }) { target.inherit(old.addresses) }
            targets.append(target)
        }
        self.targets = targets
        do throws(TLSSetupError) {
            var contexts: [[TLSContext]?] = []
            for server in settings.servers {
                var perWorker: [TLSContext] = []
                if let tls = server.tls { for library in libraries { perWorker.append(try TLSContext(tls, library: library)) } }
                contexts.append(server.tls == nil ? nil : perWorker)
            }
            self.contexts = contexts
        } catch {
            throw ServerError(settings: error.description)
        }
        clientAddress = settings.clientAddress
        showsClients = clientAddress != Settings.Upstream.ClientAddress()
        order = settings.order
        check = settings.check
        // So that the first request finds an address. A name server that is gone must not keep us for longer.
        resolved.wait(milliseconds: Self.resolutionMilliseconds)
    }

    /// All of them ask for logins that belong to connections. Where one doesn't, it could take the body of such a request for another request.
    var bindIdentities: Bool { targets.allSatisfy(\.bindsIdentities) }

    /// Has every name asked for anew.
    func askAgain() {
        for target in targets { target.askAgain() }
    }

    /// One of them is known to speak HTTP/1.0, and any of them may be asked.
    func speaksHTTP10(now: Instant) -> Bool {
        for target in targets where target.speaksHTTP10(now: now) { return true }
        return false
    }
}
