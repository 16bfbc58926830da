internal import Gatekeeper

/// Whether a ticket system can be shown clients' addresses as the configuration wants it: found out by trying.
struct ClientAddressCheck {
    private let settings: Settings
    private let dryRun: DryRun
    private let server: Settings.Upstream.Server
    private let origin: Origin

    private static let milliseconds = 5_000

    init(_ settings: Settings, _ dryRun: DryRun, _ server: Settings.Upstream.Server, _ origin: Origin) {
        (self.settings, self.dryRun, self.server, self.origin) = (settings, dryRun, server, origin)
    }

    /// Nil where it can, where nothing is wanted, and where the ticket system answers nobody.
    func finding() throws(ServerError) -> Finding? {
        let wanted = settings.upstream.clientAddress
        if wanted.proxyProtocol == .v2, let finding = try proxyProtocol() { return finding }
        guard wanted.source == .client else { return nil }
        for client in Self.clients(of: settings) {
            if let finding = try transparency(from: client) { return finding }
        }
        return nil
    }

    private func proxyProtocol() throws(ServerError) -> Finding? {
        let path = settings.upstream.check?.path ?? "/"
        guard try dryRun.tryProxyProtocol(of: server, path: path, milliseconds: Self.milliseconds) == .notUnderstood else { return nil }
        return .error(
            origin, at: "upstream.proxy_protocol",
            "\(server.name) answers without a PROXY header and not behind one: have it expect one (nginx: listen … proxy_protocol; Apache: "
                + "RemoteIPProxyProtocol On), or say proxy_protocol: off")
    }

    private func transparency(from client: PeerAddress) throws(ServerError) -> Finding? {
        let key = "upstream.source"
        switch try dryRun.tryTransparency(to: server, from: client) {
        case .answered, .noAnswer: return nil
        case .notPermitted(let error):
            return .error(
                origin, at: key,
                "connections can't come from \(client), which takes CAP_NET_RAW: \(error); under systemd the drop-in "
                    + "gatekeeperd.service.d/transparent.conf gives it")
        case .otherFamily:
            return .warning(
                origin, at: key,
                "\(server.name) has no \(client.isIPv4 ? "IPv4" : "IPv6") address, so requests of \(client) are answered 502 "
                    + "(upstream_transparent)")
        case .noWayBack:
            return .error(
                origin, at: key,
                "\(server.name) answers us, and not a connection from \(client): its answers must be routed back through this machine; "
                    + "`gatekeeperd doctor` prints the routes and rules")
        }
    }

    /// Of each family on the list, one.
    static func clients(of settings: Settings) -> [PeerAddress] {
        var clients: [PeerAddress] = []
        for entry in settings.allow {
            let prefix = entry.prefix
            guard !prefix.address.isLinkLocal, !clients.contains(where: { $0.isIPv4 == prefix.address.isIPv4 }) else { continue }
            // A network's own address is nobody's.
            clients.append(prefix.length == 128 ? prefix.address : PeerAddress(high: prefix.address.high, low: prefix.address.low | 1))
        }
        return clients
    }
}
