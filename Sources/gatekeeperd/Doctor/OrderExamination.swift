internal import Gatekeeper

/// Can the authority come here for its challenge, and may it issue? Of certificates that are ordered.
///
/// What strangers see of a machine can't be seen from inside: what name servers here, the kernel and the configuration tell is compared.
struct OrderExamination: Equatable, Sendable {
    var orders: [Order]
    /// As they are configured; none where that isn't known.
    var listeners: [SocketAddress] = []
    /// Everybody who listens on this host; nil where the kernel doesn't tell.
    var listening: [SocketAddress]?
    /// Others lead connections here.
    var isBehindBalancer = false
    /// The process that serves; nil where none is known.
    var service: Int?
    /// Who listens on port 80, as far as it can be seen.
    var pagePort: PortHolder?

    /// One certificate.
    struct Order: Equatable, Sendable {
        var settings: AcmeSettings
        /// The account's URL; nil before there is one, and where it can't be read.
        var account: String?
        /// Those of its names that were asked about.
        var names: [NameFacts]
    }

    private static let handshakePort: UInt16 = 443
    private static let pagePortNumber: UInt16 = 80

    var findings: [ExaminationFinding] {
        var told: [ExaminationFinding] = []
        // Several certificates have their ports in common.
        for finding in orders.flatMap(findings) where !told.contains(finding) { told.append(finding) }
        return told
    }

    private func findings(_ order: Order) -> [ExaminationFinding] {
        let ports = port(order)
        let names = order.names.flatMap { name in addresses(of: name, order) + policy(of: name, order) }
        let left = order.settings.names.count - order.names.count
        let rest = left > 0 ? [ExaminationFinding.unexamined(.orders, "\(left) more names aren't looked at")] : []
        return ports + names + rest
    }

    // MARK: The port

    private func port(_ order: Order) -> [ExaminationFinding] {
        switch order.settings.challenge {
        case .handshake: handshakePort
        case .page: pagePortFindings
        case .program: []
        }
    }

    /// Ours, and others' that may lead here.
    private var handshakeListeners: [SocketAddress] {
        (listeners + (listening ?? [])).filter { $0.port == Self.handshakePort }
    }

    private var handshakePort: [ExaminationFinding] {
        let own = listeners.filter { $0.port == Self.handshakePort }
        guard own.allSatisfy(\.isLoopback) else { return [] }
        let ports = Set(listeners.map { "\($0.port)" }).sorted().joined(separator: ", ")
        let reachable = handshakeListeners.filter { !$0.isLoopback }
        if !reachable.isEmpty {
            return [
                .note(
                    .orders, "another program listens on port 443 of this host, to which the authority comes",
                    advice: "it must pass TLS on as it is, to port \(ports) here; one that opens TLS itself answers the challenge wrongly")
            ]
        }
        guard own.isEmpty else {
            return [
                .wrong(
                    .orders, "port 443, to which the authority comes, is listened on for this host alone",
                    advice: "listen on 0.0.0.0:443 and [::]:443, or take dns-01")
            ]
        }
        return [
            .note(
                .orders, "nothing listens on port 443 of this host, to which the authority comes",
                advice: "whatever is in front has to lead its port 443 to port \(ports) here; or listen on 0.0.0.0:443")
        ]
    }

    private var pagePortFindings: [ExaminationFinding] {
        let isTaken = pagePort != nil || (listening ?? []).contains { $0.port == Self.pagePortNumber }
        // While an order is under way the service itself is there.
        guard isTaken, pagePort == nil || pagePort?.process != service else { return [] }
        let holder = pagePort.map { "\(PeerWords.plain($0.program)), process \($0.process)" } ?? "another program"
        return [
            .wrong(
                .orders, "port 80, which http-01 needs for the minute that an order takes, is taken by \(holder)",
                advice: "stop that, or have it listen elsewhere; or take tls-alpn-01, which needs port 443 alone")
        ]
    }

    // MARK: Where names lead

    func addresses(of name: NameFacts, _ order: Order) -> [ExaminationFinding] {
        let port: UInt16
        switch order.settings.challenge {
        case .handshake: port = Self.handshakePort
        case .page: port = Self.pagePortNumber
        case .program: return []
        }
        guard let addresses = name.addresses else {
            return [.unexamined(.orders, "where \(name.name) leads isn't known: this machine's name servers don't answer in time")]
        }
        guard !addresses.isEmpty else {
            return [
                .wrong(
                    .orders, "\(name.name) has no address, as this machine's name servers say, so the authority can't come to it",
                    advice: "set an A record with the address under which this machine is reached from outside")
            ]
        }
        let findings = addresses.compactMap { address in finding(address, of: name, order, port) }
        return findings.isEmpty
            ? [.ok(.orders, "\(name.name) leads here (\(addresses.map(\.description).joined(separator: ", ")))")] : findings
    }

    /// Nil for an address that is as it should be.
    private func finding(_ address: PeerAddress, of name: NameFacts, _ order: Order, _ port: UInt16) -> ExaminationFinding? {
        let isPrivateAuthority = AcmeDirectory.issuers(of: order.settings.directory).isEmpty
        let isOwn = name.own.contains(address) || listeners.contains { $0.address == address }
        if AddressScope(address).isPrivate, !isPrivateAuthority {
            return .note(
                .orders, "\(name.name) leads to \(address), to which nobody can come from outside",
                advice: "see that others are told another address: `dig +short \(CertificateName.domain(of: name.name)) @9.9.9.9`")
        }
        if isOwn { return port == Self.handshakePort ? unheard(address, of: name) : nil }
        let others = name.addresses?.contains { $0 != address && (name.own.contains($0) || $0.isIPv4) } ?? false
        if !address.isIPv4, others, !isBehindBalancer {
            return .wrong(
                .orders, "\(name.name) leads to \(address) as well, which isn't this machine's, and authorities take IPv6 first",
                advice: "remove that AAAA record, or give this machine the address and listen on [::]:443")
        }
        return .note(
            .orders, "\(name.name) leads to \(address), which isn't this machine's",
            advice: "whoever has it must lead its port \(port) here: a router by a port-forward, a balancer without opening TLS")
    }

    /// An address of this machine at which nobody takes what comes to port 443.
    private func unheard(_ address: PeerAddress, of name: NameFacts) -> ExaminationFinding? {
        let listeners = handshakeListeners
        // That there is none at all is told once.
        guard listeners.contains(where: { !$0.isLoopback }) else { return nil }
        let isHeard = listeners.contains { $0.address == address || ($0.isWildcard && (!$0.address.isIPv4 || address.isIPv4)) }
        guard !isHeard else { return nil }
        let record = address.isIPv4 ? "A" : "AAAA"
        return .wrong(
            .orders, "\(name.name) leads to \(address), on whose port 443 nobody listens",
            advice: "listen on \(address.isIPv4 ? "0.0.0.0:443" : "[::]:443") as well, or remove that \(record) record")
    }
}
