internal import Gatekeeper

/// What came of one host of a vendor's list.
struct OutboundRow: Equatable, Sendable {
    var host: OutboundHost
    /// All that its name stands for, as it was resolved here.
    var addresses: [PeerAddress]
    /// In the order in which they were planned.
    var attempts: [Attempt]

    struct Attempt: Equatable, Sendable {
        var address: SocketAddress
        /// Nil where there was no time left for it.
        var reach: DryRun.Reach?
    }

    /// The words are a script's to rely on.
    enum Verdict: String, CaseIterable, Sendable {
        case ok
        /// Its name has no address here.
        case noName = "no_name"
        /// Nothing comes back.
        case blocked
        /// A machine says no.
        case refused
        /// Some of its addresses answer, others don't.
        case partly
        /// TLS is with somebody else, who reads along.
        case intercepted
        /// TLS is with nobody who can be trusted, for another reason.
        case distrusted
        /// What takes the connection ends it, or speaks no TLS.
        case cut
        case notTried = "not_tried"
    }

    /// Those that say something: where this machine has no IPv6, that is no firewall's doing.
    private var tried: [(address: SocketAddress, reach: DryRun.Reach)] {
        let tried = attempts.compactMap { attempt in attempt.reach.map { (address: attempt.address, reach: $0) } }
        let judged = tried.filter { $0.address.address.isIPv4 || $0.reach.failure != "connect_unreachable" }
        return judged.isEmpty ? tried : judged
    }

    var verdict: Verdict {
        guard !addresses.isEmpty else { return .noName }
        let tried = tried
        guard !tried.isEmpty else { return .notTried }
        let taken = tried.filter { $0.reach.connectMilliseconds != nil }
        let refused = tried.filter { $0.reach.failure == "connect_refused" }
        guard !taken.isEmpty else { return refused.count == tried.count ? .refused : .blocked }
        if host.isTLS {
            let verdicts = taken.map { Self.verdict(ofTLS: $0.reach) }
            if let worst = [Verdict.intercepted, .distrusted, .cut].first(where: verdicts.contains) { return worst }
        }
        // Of a range only those ports answer that are in use.
        let silent = tried.count - taken.count - (host.isTLS ? 0 : refused.count)
        return silent == 0 ? .ok : .partly
    }

    /// Somebody has to do something, or it isn't known.
    var isFinding: Bool {
        switch verdict {
        case .ok: false
        case .refused: host.isTLS
        case .noName, .blocked, .partly, .intercepted, .distrusted, .cut, .notTried: true
        }
    }

    /// Public authorities write into a certificate where it stands in their logs; who makes certificates on the way doesn't.
    private static func verdict(ofTLS reach: DryRun.Reach) -> Verdict {
        switch reach.failure {
        case nil: reach.certificate.map(\.hasPublicIssuer) ?? true ? .ok : .intercepted
        case "upstream_certificate_untrusted"?: .intercepted
        case "upstream_certificate_name"?: reach.certificate.map(\.hasPublicIssuer) ?? true ? .distrusted : .intercepted
        case let reason? where reason.hasPrefix("upstream_certificate"): .distrusted
        default: .cut
        }
    }

    /// `CN=Corporate Inspection`, of the first certificate that was shown.
    private var issuer: String {
        let text = attempts.lazy.compactMap(\.reach?.certificate?.issuer).first ?? "an authority that isn't shown"
        return PeerWords.quoted(text)
    }

    private var target: String { "\(host.name) port \(host.portText)" }

    /// Nothing has come back, not even a no; of a single port a no is none the better.
    private func isSilent(_ reach: DryRun.Reach) -> Bool {
        reach.connectMilliseconds == nil && (host.isTLS || reach.failure != "connect_refused")
    }

    private func list(_ isWanted: (DryRun.Reach) -> Bool) -> String {
        var texts: [String] = []
        for (address, reach) in tried where isWanted(reach) {
            let text = host.isTLS ? "\(address.address)" : "\(address.port)"
            if !texts.contains(text) { texts.append(text) }
        }
        let shown = texts.prefix(4).joined(separator: ", ")
        return (host.isTLS ? "" : "port ") + shown + (texts.count > 4 ? " and \(texts.count - 4) more" : "")
    }

    /// What was seen, where that isn't all well.
    var detail: String? {
        let words = tried.lazy.compactMap(\.reach.failure).first ?? ""
        return switch verdict {
        case .ok: nil
        case .noName: "this machine finds no address for the name"
        case .blocked: "nothing comes back from \(list(isSilent))"
        case .refused where host.isTLS: "the connection is refused by \(list { $0.failure == "connect_refused" })"
        case .refused: "every port that was tried is refused; outside of a session that may be so"
        case .partly: "nothing comes back from \(list(isSilent)), and others answer"
        case .intercepted where words.isEmpty:
            "its certificate is issued by \(issuer), which this machine trusts: no public authority, so TLS is opened on the way"
        case .intercepted: "its certificate is issued by \(issuer): not a public authority known to this machine"
        case .distrusted:
            "its certificate can't be trusted (\(words)); issued by \(issuer). Is this machine's clock right?"
        case .cut: "TCP is taken, and TLS is not (\(words)): something on the way looks at names"
        case .notTried: "there was no time left to try it"
        }
    }

    /// What to ask whoever runs the firewall for; nil where that would be nothing.
    var request: String? {
        switch verdict {
        case .ok, .notTried: nil
        case .noName: "let clients resolve \(host.name) (DNS)"
        case .blocked, .partly: "let TCP out to \(target), by the name: its addresses change"
        case .refused: host.isTLS ? "let TCP out to \(target), which something rejects" : "make sure that TCP to \(target) isn't rejected"
        case .intercepted, .distrusted: "except \(host.name) from TLS inspection"
        case .cut: "let TLS through to \(target), by the name in it (SNI)"
        }
    }

    var json: JSON {
        .object(
            of: ("host", .string(host.name)), ("ports", .string(host.portText)), ("role", .string(host.role)),
            ("verdict", .string(verdict.rawValue)), ("addresses", .strings(addresses.map { "\($0)" })), ("detail", detail.map(JSON.string)),
            ("ask", request.map(JSON.string)),
            (
                "attempts",
                .array(
                    attempts.map { attempt in
                        .object(
                            of: ("address", .string("\(attempt.address)")), ("tried", .boolean(attempt.reach != nil)),
                            ("connect_ms", attempt.reach?.connectMilliseconds.map { .number($0) }),
                            ("tls_ms", attempt.reach?.handshakeMilliseconds.map { .number($0) }),
                            ("failure", attempt.reach?.failure.map(JSON.string)),
                            ("issuer", attempt.reach?.certificate.map { .string(PeerWords.plain($0.issuer)) }))
                    })
            ))
    }
}
