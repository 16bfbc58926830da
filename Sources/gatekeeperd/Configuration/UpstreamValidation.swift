internal import Gatekeeper

/// What must hold of everything under `upstream` together, and the settings that it makes.
enum UpstreamValidation {
    private static let serversMax = 64

    static func settings(_ draft: Draft) -> Settings.Upstream {
        var settings = Settings.Upstream(
            urls(draft).map {
                Settings.Upstream.Server(endpoint: $0.value.endpoint, name: $0.value.text, tls: tls(for: $0.value, draft))
            })
        settings.order = draft.upstreamOrder
        if let path = draft.checkPath {
            settings.check = draft.check
            settings.check?.path = path
        }
        settings.connectionsMax = draft.connectionsMax
        settings.queueMax = draft.queueMax
        settings.queueMilliseconds = draft.queueMilliseconds
        settings.idleConnectionsMax = draft.idle.connectionsMax
        settings.idleTimeoutMilliseconds = draft.idle.timeoutMilliseconds
        settings.host = draft.upstreamHost
        settings.reusesAfterBody = draft.reusesAfterBody
        settings.requestBuffering = draft.requestBuffering
        settings.spool = draft.spool
        settings.passesUnderscores = draft.passesUnderscores
        return settings
    }

    private static func urls(_ draft: Draft) -> [Located<UpstreamURL>] {
        draft.upstream.map { [$0] } ?? draft.upstreams
    }

    private static func tls(for url: UpstreamURL, _ draft: Draft) -> Settings.Upstream.TLS? {
        guard let peer = url.tlsPeer else { return nil }
        let name = draft.upstreamServerName?.value ?? draft.upstreamHost.flatMap(UpstreamURL.serverName)
        var tls = Settings.Upstream.TLS(peer: name.map { .name($0) } ?? peer)
        tls.authorityPath = draft.upstreamAuthorityPath?.value
        tls.pins = draft.upstreamPins?.value ?? []
        tls.certificatePath = draft.upstreamCertificatePath?.value
        tls.keyPath = draft.upstreamKeyPath?.value
        return tls
    }

    /// What only makes sense together, or can't be together.
    static func mistakes(_ draft: Draft) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        if draft.upstream != nil, let other = draft.upstreams.first {
            diagnostics.append(.error(other.origin, at: "upstream.urls", "there is upstream.url already; write all of them under urls"))
        }
        if draft.upstreams.count > serversMax {
            diagnostics.append(.error(draft.upstreams[serversMax].origin, at: "upstream.urls", "there can be \(serversMax) at most"))
        }
        let defaults = Settings.Upstream.Check()
        let isCheckSaid =
            draft.check.intervalMilliseconds != defaults.intervalMilliseconds
            || draft.check.timeoutMilliseconds != defaults.timeoutMilliseconds
        if isCheckSaid, draft.checkPath == nil, let url = urls(draft).first {
            diagnostics.append(.error(url.origin, "upstream.health needs a path to ask for, as path: /"))
        }
        if case .upTo(let bytes) = draft.requestBuffering, let url = urls(draft).first {
            let needed = 2 * min(bytes, draft.limits.requestBodyBytesMax)
            if draft.spool.totalBytesMax < needed {
                diagnostics.append(
                    .warning(
                        url.origin, at: "upstream.spool.total",
                        "a source may hold half of it, so a body as long as request_buffering lets it be needs "
                            + Quantity.describe(bytes: needed)))
            }
        }
        return diagnostics + tlsMistakes(draft) + differences(draft)
    }

    /// Where the configuration says otherwise than what is known of the ticket system.
    private static func differences(_ draft: Draft) -> [Diagnostic] {
        guard let located = draft.upstreamPreset else { return [] }
        let (preset, origin) = (located.value, located.origin)
        var diagnostics: [Diagnostic] = []
        let reuse = "upstream.reuse_after_body"
        switch (preset.readsBodies, draft.reusesAfterBody) {
        case (let shown?, true) where !shown.holds:
            let risk = "a request could hide in another one's body; take it away"
            diagnostics.append(.warning(origin, at: reuse, "true isn't safe with \(preset.title): \(shown.by). \(risk)"))
        case (nil, true):
            diagnostics.append(
                .warning(
                    origin, at: reuse,
                    "nobody has shown that \(preset.title) reads every body that it is sent; unless you have, take it away"))
        default: break
        }
        if let shown = preset.wantsLengths, shown.holds, draft.requestBuffering == .off {
            diagnostics.append(
                .warning(origin, at: "upstream.request_buffering", "off loses chunked requests with \(preset.title): \(shown.by)"))
        }
        return diagnostics
    }

    /// Where it does without something that is known to work with the ticket system.
    static func notes(_ draft: Draft) -> [String] {
        guard let located = draft.upstreamPreset, let shown = located.value.readsBodies, shown.holds, !draft.reusesAfterBody else {
            return []
        }
        return [
            "\(located.origin): upstream.reuse_after_body: true would save a connection for each request with a body; "
                + "\(located.value.title): \(shown.by)"
        ]
    }

    private static func tlsMistakes(_ draft: Draft) -> [Diagnostic] {
        let urls = urls(draft)
        guard let first = urls.first else { return [] }
        let files = [
            ("upstream.ca", draft.upstreamAuthorityPath?.origin), ("upstream.certificate", draft.upstreamCertificatePath?.origin),
            ("upstream.key", draft.upstreamKeyPath?.origin), ("upstream.pin_sha256", draft.upstreamPins?.origin),
            ("upstream.server_name", draft.upstreamServerName?.origin),
        ]
        var diagnostics: [Diagnostic] = []
        if !urls.contains(where: { $0.value.tlsPeer != nil }) {
            for case (let path, let origin?) in files {
                diagnostics.append(.error(origin, at: path, "\(first.value.text) isn't https, so this would do nothing"))
            }
        }
        switch (draft.upstreamCertificatePath, draft.upstreamKeyPath) {
        case (let certificate?, nil): diagnostics.append(.error(certificate.origin, at: "upstream.certificate", "upstream.key is missing"))
        case (nil, let key?): diagnostics.append(.error(key.origin, at: "upstream.key", "upstream.certificate is missing"))
        default: break
        }
        return diagnostics
    }
}
