internal import Gatekeeper

/// Is it the clients' own addresses that arrive, or one that a router puts in their place?
///
/// Nothing of a single connection tells; but if nearly all come from one private address, the allow-list can't tell anybody apart.
struct SourceExamination: Equatable, Sendable {
    /// Entries of the allow-list with what they have admitted; nil where no service answers.
    var admitted: [ServiceState.Source]?
    var denials: Result<DenialTally, ControlFailure>
    /// Of this host.
    var gateways: [PeerAddress]
    /// Load balancers that name the source themselves.
    var balancers: [AddressPrefix]
    /// The allow-list as it is configured.
    var allowed: [AddressPrefix]

    /// Fewer connections prove nothing.
    static let connectionsMin = 20
    /// So many in a hundred are nearly all.
    private static let percentMin = 90

    var remarks: [Remark] {
        let listed = gateways.filter { gateway in allowed.contains(AddressPrefix(gateway)) }.map { gateway in
            Remark.finding(
                .sources,
                "the allow-list has \(gateway), which is this host's gateway: if it puts its address in the place of others', "
                    + "everybody is admitted", advice: Self.remedy)
        }
        return listed + [traffic]
    }

    private var traffic: Remark {
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
            if isAllowed(address) { return .ok(.sources, "\(share), which is on the allow-list") }
            return .finding(
                .sources,
                "\(share), a private address: a router, a container network or a proxy in front puts its own in the place of the "
                    + "clients', and no list can tell them apart. Or a monitor of yours asks in vain", advice: Self.remedy)
        }
        return .finding(
            .sources,
            "\(share), which is this host's gateway: it puts its own address in the place of the clients', and no list can tell "
                + "them apart", advice: Self.remedy)
    }

    /// Nearly all by one network of the list, in which addresses aren't told apart: the gateway's may be among them, or may be all of them.
    private func network(of total: Int) -> Remark? {
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
