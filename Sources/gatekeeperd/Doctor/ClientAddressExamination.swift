internal import Gatekeeper

/// Can the ticket systems' connections come from clients' addresses (`upstream.source: client`), and what does that need?
struct ClientAddressExamination: Equatable, Sendable {
    var attempts: [Attempt]

    /// One connection to one ticket system as one listed address.
    struct Attempt: Equatable, Sendable {
        var system: String
        /// Where it listens, as far as that is known.
        var addresses: [SocketAddress]
        var client: PeerAddress
        /// Nil where it wasn't over in time.
        var outcome: DryRun.TransparencyOutcome?
    }

    var findings: [ExaminationFinding] { attempts.compactMap(finding) }

    private func finding(_ attempt: Attempt) -> ExaminationFinding? {
        let (system, client) = (attempt.system, attempt.client)
        let needed = TransparentRouting(for: attempt.addresses).sentence
        return switch attempt.outcome {
        case .answered?: .ok(.upstream, "\(system) takes connections that come from \(client)")
        case .noAnswer?: nil
        case .notPermitted(let error)?:
            .unexamined(
                .upstream, "whether connections to \(system) can come from \(client): that takes CAP_NET_RAW here (\(error))",
                advice: "ask again as root; what it needs: \(needed)")
        case .otherFamily?:
            .wrong(
                .upstream, "\(system) has no \(client.isIPv4 ? "IPv4" : "IPv6") address, and \(client) may connect here",
                advice: "give the ticket system one, or say upstream.proxy_protocol: v2 in place of source: client")
        case .noWayBack?:
            .wrong(
                .upstream, "\(system) answers us, and not a connection that comes from \(client): its answers don't come back here",
                advice: needed)
        case nil:
            .unexamined(
                .upstream, "whether connections to \(system) can come from \(client): it didn't answer in time", advice: needed)
        }
    }

    static func attempts(by settings: Settings, on server: Settings.Upstream.Server) -> [Attempt] {
        guard let dryRun = try? DryRun(settings) else { return [] }
        let addresses: [SocketAddress] =
            switch server.endpoint {
            case .address(let address): [address]
            case .host(let name, let port): System.resolve(host: name, port: port)
            case .unix: []
            }
        return ClientAddressCheck.clients(of: settings).map { client in
            let outcome = try? dryRun.tryTransparency(to: server, from: client)
            return Attempt(system: server.name, addresses: addresses, client: client, outcome: outcome)
        }
    }
}

/// The routes and rules by which answers to connections that come from clients' addresses find back here.
///
/// What is marked, because it is for a socket of ours that is transparent, is delivered here as if all addresses were this machine's. A ticket
/// system on this machine is told by its port instead: its answers never come in from outside.
struct TransparentRouting: Equatable, Sendable {
    let addresses: [SocketAddress]

    /// Of the routing table.
    private static let table = 100

    init(for addresses: [SocketAddress]) {
        self.addresses = addresses
    }

    private var families: [(isIPv4: Bool, ip: String, all: String)] {
        [(true, "ip", "0.0.0.0/0"), (false, "ip -6", "::/0")].filter { family in
            addresses.isEmpty || addresses.contains { $0.address.isIPv4 == family.isIPv4 }
        }
    }

    private func isHere(_ address: SocketAddress) -> Bool { AddressScope(address.address) == .loopback }

    /// As they are typed.
    var commands: [String] {
        var commands: [String] = []
        let remote = addresses.filter { !isHere($0) }
        let isRemote = addresses.isEmpty || !remote.isEmpty
        for family in families {
            if isRemote { commands.append("\(family.ip) rule add fwmark 1 lookup \(Self.table)") }
            for address in addresses where isHere(address) && address.address.isIPv4 == family.isIPv4 {
                commands.append(
                    "\(family.ip) rule add from \(address.address) iif lo ipproto tcp sport \(address.port) lookup \(Self.table)")
            }
            commands.append("\(family.ip) route add local \(family.all) dev lo table \(Self.table)")
        }
        guard isRemote else { return commands }
        return commands + [
            "nft add table inet gatekeeper",
            "nft 'add chain inet gatekeeper divert { type filter hook prerouting priority mangle; }'",
            "nft 'add rule inet gatekeeper divert meta l4proto tcp socket transparent 1 meta mark set 1 accept'",
        ]
    }

    /// For one line of a report.
    var sentence: String {
        let isRemote = addresses.isEmpty || addresses.contains { !isHere($0) }
        let route = isRemote ? "make this machine the ticket system's route to its clients (its gateway), and here: " : "here: "
        return route + commands.joined(separator: "; ")
    }
}
