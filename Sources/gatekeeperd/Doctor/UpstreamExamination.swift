internal import Gatekeeper

/// Does the ticket system answer, and do its links lead clients back here?
struct UpstreamExamination: Equatable, Sendable {
    var systems: [TicketSystem]
    /// The name that clients are told to use; nil if none is known.
    var publicHost: String?

    var remarks: [Remark] { systems.flatMap(remarks) }

    private func remarks(_ system: TicketSystem) -> [Remark] {
        guard let first = system.answers.first else {
            let trouble = system.obstacle.flatMap { UpstreamTrouble($0, system.server) }
            let words = trouble.flatMap { $0.isOfTLS ? ": \($0.cause)" : nil } ?? ""
            return [
                .finding(
                    .upstream, "\(system.name) does not answer: \(system.obstacle ?? "it wasn't asked")\(words)",
                    advice: trouble?.cure ?? "see 502 in the guide's page on troubles; meanwhile its clients get that")
            ]
        }
        if let objection = objection(first.answer, system) { return [objection] }
        if let stray = redirect(first.answer, system) { return [stray] }
        return [.ok(.upstream, "\(system.name) answers, with \(first.answer.status)")]
    }

    /// An answer that is one to how it is asked, and that every client gets likewise.
    private func objection(_ answer: UpstreamAnswer, _ system: TicketSystem) -> Remark? {
        if answer.status == 421 {
            return .finding(
                .upstream,
                "\(system.name) answers 421: the name that TLS asks it for isn't the Host of the request, or it has no site of that name",
                advice:
                    "set upstream.server_name to the name that its certificate is for, and upstream.host too if it knows itself by that "
                    + "name alone; Apache minds since 2.4.64")
        }
        let text = String(decoding: answer.body.prefix(2_048), as: UTF8.self).lowercased()
        if answer.status == 400, system.server.tls == nil,
            text.contains("plain http request was sent to https port")
                || text.contains("speaking plain http to an ssl-enabled server port")
        {
            return .finding(
                .upstream, "\(system.name) speaks TLS, and is spoken to in the clear", advice: "say https:// in upstream.url")
        }
        return nil
    }

    /// A redirect to another host than clients know: built from a base URL that is for those inside, as a rule.
    private func redirect(_ answer: UpstreamAnswer, _ system: TicketSystem) -> Remark? {
        guard let publicHost, (300..<400).contains(answer.status), let location = answer["location"],
            let authority = Self.authority(in: location)
        else { return nil }
        let host = Self.host(in: authority)
        guard host != Self.host(in: publicHost.lowercased()) else { return nil }
        let seen = "\(system.name) redirects clients of \(publicHost) to \(PeerWords.quoted(location))"
        guard isInside(host, system) else { return .note(.upstream, "\(seen): a login elsewhere, or another base URL") }
        return .finding(
            .upstream, "\(seen), which they can't reach",
            advice: "set the ticket system's own base URL (web domain, host name) to https://\(publicHost)")
    }

    /// A name or an address that nobody outside knows.
    private func isInside(_ host: String, _ system: TicketSystem) -> Bool {
        if let address = try? PeerAddress(parsing: host) {
            return AddressScope(address).isPrivate || system.addresses.contains { $0.address == address }
        }
        if case .host(let name, _) = system.server.endpoint, name.lowercased() == host { return true }
        return !host.contains(".") || [".local", ".internal", ".lan", ".home.arpa"].contains(where: host.hasSuffix)
    }

    /// Of an absolute `http` or `https` URL, in lower case.
    private static func authority(in location: String) -> String? {
        let location = location.lowercased()
        guard let scheme = ["http://", "https://"].first(where: location.hasPrefix) else { return nil }
        return String(location.dropFirst(scheme.utf8.count).prefix { !"/?#".contains($0) })
    }

    /// Without the port, and without the brackets of IPv6.
    private static func host(in authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}
