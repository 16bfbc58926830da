internal import Gatekeeper

/// Does the ticket system answer, and do its links lead clients back here?
struct UpstreamExamination: Equatable, Sendable {
    var systems: [TicketSystem]
    /// The name that clients are told to use; nil if none is known.
    var publicHost: String?

    var findings: [ExaminationFinding] { systems.flatMap(findings) }

    private func findings(_ system: TicketSystem) -> [ExaminationFinding] {
        if let objection = Self.objection(to: system) {
            return [.wrong(.upstream, "\(system.name) \(objection.predicate)", advice: objection.advice)]
        }
        guard let first = system.answers.first else {
            let trouble = system.obstacle.flatMap { UpstreamTrouble($0, system.server) }
            let words = trouble.flatMap { $0.isOfTLS ? ": \($0.cause)" : nil } ?? ""
            return [
                .wrong(
                    .upstream, "\(system.name) does not answer: \(system.obstacle ?? "it wasn't asked")\(words)",
                    advice: trouble?.cure ?? "see 502 in the guide's page on troubles; meanwhile its clients get that")
            ]
        }
        if let stray = redirect(first.answer, system) { return [stray] }
        return [.ok(.upstream, "\(system.name) answers, with \(first.answer.status)")]
    }

    /// What is wrong with the answers of a ticket system.
    struct Objection: Equatable, Sendable {
        /// What it does: a sentence that begins with its name, without that.
        var predicate: String
        var advice: String

        init(_ predicate: String, advice: String) { (self.predicate, self.advice) = (predicate, advice) }
    }

    /// An answer that every client gets likewise, and that is none of the ticket system's: to how it is asked, or of a program that has failed.
    static func objection(to system: TicketSystem) -> Objection? {
        switch system.introduction {
        case .unread?:
            return Objection(
                "answers without a PROXY header and not behind one",
                advice: "have it expect one (nginx: listen … proxy_protocol; Apache: RemoteIPProxyProtocol On), or say proxy_protocol: off")
        case .missing?:
            return Objection(
                "answers behind a PROXY header alone",
                advice: "say upstream.proxy_protocol: v2, or name a port on which it expects none")
        case nil: break
        }
        guard let answer = system.answers.first?.answer else { return nil }
        if answer.status == 421 {
            return Objection(
                "answers 421: the name that TLS asks it for isn't the Host of the request, or it has no site of that name",
                advice:
                    "set upstream.server_name to the name that its certificate is for, and upstream.host too if it knows itself by that "
                    + "name alone; Apache minds since 2.4.64")
        }
        let text = String(decoding: answer.body.prefix(2_048), as: UTF8.self).lowercased()
        if answer.status == 400, system.server.tls == nil,
            text.contains("plain http request was sent to https port")
                || text.contains("speaking plain http to an ssl-enabled server port")
        {
            return Objection("speaks TLS, and is spoken to in the clear", advice: "say https:// in upstream.url")
        }
        if let failure = system.answers.lazy.compactMap(failure).first { return failure }
        guard answer.status >= 500 else { return nil }
        return Objection("answers \(answer.status) to GET /", advice: "look into its log")
    }

    /// Nothing is quoted: what PHP says of its failure has paths and names in it.
    private static func failure(_ asked: TicketSystem.Answer) -> Objection? {
        guard let fault = PageFault(asked.answer.body) else { return nil }
        let seen = "answers \(asked.answer.status) to GET \(asked.path)"
        let taken = (200..<300).contains(asked.answer.status) ? ": clients get this page and think that it worked" : ""
        switch fault {
        case .error:
            return Objection(
                "\(seen) with an error of PHP's\(taken)",
                advice: "is its database up, and does it take its password? The log of its web server or of php-fpm has the error")
        case .source:
            return Objection(
                "\(seen) with the source of a PHP script, which isn't run\(taken)",
                advice: "have its web server run PHP (Apache: mod_php or proxy_fcgi; nginx: fastcgi_pass)")
        }
    }

    /// A redirect to another host than clients know: built from a base URL that is for those inside, as a rule.
    private func redirect(_ answer: UpstreamAnswer, _ system: TicketSystem) -> ExaminationFinding? {
        guard let publicHost, (300..<400).contains(answer.status), let location = answer["location"],
            let authority = Self.authority(in: location)
        else { return nil }
        let host = Self.host(in: authority)
        guard host != Self.host(in: publicHost.lowercased()) else { return nil }
        let seen = "\(system.name) redirects clients of \(publicHost) to \(PeerWords.quoted(location))"
        guard isInside(host, system) else { return .note(.upstream, "\(seen): a login elsewhere, or another base URL") }
        return .wrong(
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
