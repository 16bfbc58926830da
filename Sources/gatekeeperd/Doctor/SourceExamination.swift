internal import Gatekeeper

/// Is it the clients' own addresses that arrive, or one that a router puts in their place?
///
/// Nothing of a single connection tells; but if nearly all come from one private address, the allow-list can't tell anybody apart.
struct SourceExamination: Equatable, Sendable {
    /// Entries of the allow-list with what they have admitted; nil where no service answers.
    var admitted: [ServiceState.Source]?
    var denials: Result<DenialTally, ControlFailure>
    /// Of the last hour; nil where that isn't known.
    var lastHour: DenialTally?
    /// Of this host.
    var gateways: [PeerAddress]
    /// That this host reaches without a router.
    var onLink: [AddressPrefix] = []
    /// When it was asked.
    var now = WallTime(milliseconds: 0)
    /// Load balancers that name the source themselves.
    var balancers: [AddressPrefix]
    /// The allow-list as it is configured.
    var allowed: [AddressPrefix]

    /// Fewer connections prove nothing.
    static let connectionsMin = 20
    /// So many in a hundred are nearly all.
    private static let percentMin = 90

    var findings: [ExaminationFinding] {
        let listed = gateways.filter { gateway in allowed.contains(AddressPrefix(gateway)) }.map { gateway in
            ExaminationFinding.wrong(
                .sources,
                "the allow-list has \(gateway), which is this host's gateway: if it puts its address in the place of others', "
                    + "everybody is admitted", advice: Self.remedy)
        }
        let traffic = traffic
        let findings = listed + [recent, traffic].compactMap { $0?.severity == .wrong ? $0 : nil }.prefix(1)
        return findings.isEmpty ? [neighbours, traffic].compactMap(\.self).filter { $0.severity != .ok || neighbours == nil } : findings
    }

    // MARK: The last hour

    /// Fewer within an hour may be one tool that asks in vain.
    static let recentMin = 10

    /// What has begun today, and a day's counts hide: denials of one inner address, and nobody from outside who came in meanwhile.
    private var recent: ExaminationFinding? {
        guard let lastHour else { return nil }
        let counts = lastHour.sources.filter { !isBalancer($0.address) }
        let total = lastHour.total - (lastHour.sources.reduce(0) { $0 + $1.count } - counts.reduce(0) { $0 + $1.count })
        guard total >= Self.recentMin, let most = counts.max(by: { ($0.count, $1.address.low) < ($1.count, $0.address.low) }),
            isNearlyAll(most.count, of: total), AddressScope(most.address).isPrivate || gateways.contains(most.address)
        else { return nil }
        let hourAgo = now.advanced(byMilliseconds: -3_600_000)
        let outsiders = (admitted ?? []).contains { source in
            !AddressScope(source.prefix.address).isPrivate && source.lastSeen.map { $0 > hourAgo } ?? false
        }
        guard !outsiders else { return nil }
        let whose = gateways.contains(most.address) ? "this host's gateway" : "a private address"
        return .wrong(
            .sources,
            "\(most.count) of \(total) denials within the last hour were of \(most.address), \(whose), and nobody from outside came in: a router, "
                + "a container network or a proxy in front puts its own address in the place of the clients'", advice: Self.remedy)
    }

    /// Neighbours that were turned away: whoever has an address here is the admin's own, or stands for others.
    private var neighbours: ExaminationFinding? {
        guard case .success(let tally) = denials else { return nil }
        let near = tally.sources.filter { source in
            guard !isBalancer(source.address), AddressScope(source.address) != .loopback else { return false }
            return gateways.contains(source.address) || onLink.contains { $0.contains(source.address) }
        }
        let networks = tally.networks.filter { network in
            AddressScope(network.prefix.address) != .loopback
                && (gateways.contains(where: network.prefix.contains)
                    || onLink.contains { $0.contains(network.prefix.address) || network.prefix.contains($0.address) })
        }
        guard !near.isEmpty || !networks.isEmpty else { return nil }
        var told = near.sorted { ($0.count, $1.address.low) > ($1.count, $0.address.low) }.prefix(Self.neighboursMax).map { source in
            let whose = gateways.contains(source.address) ? "this host's gateway" : "a neighbour of this host's"
            let recent = lastHour?.sources.first { $0.address == source.address }?.count ?? 0
            return "\(source.address), \(whose) (\(source.count) times within a day, \(recent) within the last hour)"
        }
        told += networks.map { "many addresses of \($0.prefix), this host's own network (\($0.count) times within a day)" }
        let others = near.count + networks.count - told.count
        let more = others > 0 ? " and \(others) more" : ""
        return .note(
            .sources, "turned away were \(told.joined(separator: ", "))\(more)",
            advice:
                "is it a monitor of yours? A load balancer belongs under proxy_protocol_from. If it is a router or a proxy that stands for "
                + "others: \(Self.remedy)")
    }

    private static let neighboursMax = 5

    // MARK: The day

    private var traffic: ExaminationFinding {
        let tally: DenialTally
        switch denials {
        case .success(let known): tally = known
        case .failure(let failure): return .unexamined(.sources, "who connects isn't known: \(failure.message)")
        }
        let counts = counts(tally)
        let total = counts.total
        guard total >= Self.connectionsMin else {
            return .unexamined(
                .sources, "too few have connected to tell whether source addresses arrive: \(CheckReport.count(total, "connection"))")
        }
        guard let (address, count) = counts.byAddress.max(by: { ($0.value, $1.key.low) < ($1.value, $0.key.low) }),
            isNearlyAll(count, of: total)
        else { return network(of: total) ?? .ok(.sources, "\(total) connections came from several addresses") }
        let share = "\(count) of \(total) connections came from \(address)"
        guard AddressScope(address).isPrivate || gateways.contains(address) else {
            return .ok(.sources, "\(share), which is a public address")
        }
        guard gateways.contains(address) else {
            if isAllowed(address) { return listed(address, share) }
            return .wrong(
                .sources,
                "\(share), a private address: a router, a container network or a proxy in front puts its own in the place of the "
                    + "clients', and no list can tell them apart. Or a monitor of yours asks in vain", advice: Self.remedy)
        }
        return .wrong(
            .sources,
            "\(share), which is this host's gateway: it puts its own address in the place of the clients', and no list can tell "
                + "them apart", advice: Self.remedy)
    }

    /// One inner address of the list: a tool of the admin's own, or what must not be listed, since it stands for everybody.
    private func listed(_ address: PeerAddress, _ share: String) -> ExaminationFinding {
        let outsiders = (admitted ?? []).filter { !AddressScope($0.prefix.address).isPrivate }
        let seen = "\(share), a private address that is on the allow-list"
        guard !outsiders.isEmpty, outsiders.allSatisfy({ $0.admitted == 0 }) else {
            return .note(
                .sources, seen,
                advice: "fine if that is a machine of yours. If it is a router or a proxy, it admits everyone: \(Self.remedy)")
        }
        return .wrong(
            .sources, "\(seen), and none of those from outside who are listed ever came: it stands for them, and admits everyone",
            advice: Self.remedy)
    }

    /// Nearly all by one network of the list, in which addresses aren't told apart: the gateway's may be among them, or may be all of them.
    private func network(of total: Int) -> ExaminationFinding? {
        for source in admitted ?? [] where !source.prefix.isExact && isNearlyAll(source.admitted, of: total) {
            guard let gateway = gateways.first(where: source.prefix.contains) else { continue }
            return .note(
                .sources,
                "\(source.admitted) of \(total) connections were admitted by \(source.prefix), in which this host's gateway is, \(gateway)",
                advice: "look at the log's `peer`: if it is always the gateway, it stands for everybody. Then \(Self.remedy)")
        }
        return nil
    }

    private func isNearlyAll(_ count: Int, of total: Int) -> Bool { count * 100 > total * Self.percentMin }

    private static let remedy =
        "switch source NAT (masquerading, hairpin) off for this port-forward, run in the host's network if in a container, or have a load "
        + "balancer there speak the PROXY protocol (proxy_protocol_from). Don't list that address: it would admit everyone"

    /// What came from single addresses; a network's admissions count in the total alone.
    private func counts(_ tally: DenialTally) -> (byAddress: [PeerAddress: Int], total: Int) {
        var byAddress: [PeerAddress: Int] = [:]
        var total = tally.total
        for source in tally.sources {
            if isBalancer(source.address) { total -= source.count } else { byAddress[source.address, default: 0] += source.count }
        }
        for source in admitted ?? [] {
            total += source.admitted
            if source.prefix.isExact { byAddress[source.prefix.address, default: 0] += source.admitted }
        }
        return (byAddress, total)
    }

    private func isBalancer(_ address: PeerAddress) -> Bool { balancers.contains { $0.contains(address) } }
    private func isAllowed(_ address: PeerAddress) -> Bool { allowed.contains { $0.contains(address) } }
}
