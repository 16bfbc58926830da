internal import Gatekeeper

/// What must hold of everything under `upstream` together, and the settings that it makes.
enum UpstreamValidation {
    private static let serversMax = 64

    static func settings(_ builder: ConfigurationBuilder) -> Settings.Upstream {
        var settings = builder.settings.upstream
        settings.servers = urls(builder).map {
            Settings.Upstream.Server(endpoint: $0.value.endpoint, name: $0.value.text, tls: tls(for: $0.value, builder))
        }
        if let path = builder.checkPath {
            settings.check = builder.check
            settings.check?.path = path
        }
        return settings
    }

    private static func urls(_ builder: ConfigurationBuilder) -> [Located<UpstreamURL>] {
        builder.upstream.map { [$0] } ?? builder.upstreams
    }

    private static func tls(for url: UpstreamURL, _ builder: ConfigurationBuilder) -> Settings.Upstream.TLS? {
        guard let peer = url.tlsPeer else { return nil }
        let name = builder.upstreamServerName?.value ?? builder.settings.upstream.host.flatMap(UpstreamURL.serverName)
        var tls = Settings.Upstream.TLS(peer: name.map { .name($0) } ?? peer)
        tls.authorityPath = builder.files["upstream.ca"]?.value
        tls.pins = builder.upstreamPins?.value ?? []
        tls.certificatePath = builder.files["upstream.certificate"]?.value
        tls.keyPath = builder.files["upstream.key"]?.value
        return tls
    }

    /// What only makes sense together, or can't be together.
    static func mistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        var findings: [Finding] = []
        if builder.upstream != nil, let other = builder.upstreams.first {
            findings.append(.error(other.origin, at: "upstream.urls", "there is upstream.url already; write all of them under urls"))
        }
        if builder.upstreams.count > serversMax {
            findings.append(.error(builder.upstreams[serversMax].origin, at: "upstream.urls", "there can be \(serversMax) at most"))
        }
        if builder.settings.upstream.clientAddress.source == .client {
            for case (let url, .unix) in urls(builder).map({ ($0, $0.value.endpoint) }) {
                findings.append(
                    .error(
                        url.origin, at: "upstream.source",
                        "a UNIX socket shows nobody's address; say proxy_protocol: v2 in place of source: client, if \(url.value.text) takes it"
                    ))
            }
        }
        let defaults = Settings.Upstream.Check()
        let isCheckSaid =
            builder.check.intervalMilliseconds != defaults.intervalMilliseconds
            || builder.check.timeoutMilliseconds != defaults.timeoutMilliseconds
        if isCheckSaid, builder.checkPath == nil, let url = urls(builder).first {
            findings.append(.error(url.origin, "upstream.health needs a path to ask for, as path: /"))
        }
        if case .upTo(let bytes) = builder.settings.upstream.requestBuffering, let url = urls(builder).first {
            let needed = 2 * min(bytes, builder.settings.limits.requestBodyBytesMax)
            if builder.settings.upstream.spool.totalBytesMax < needed {
                findings.append(
                    .warning(
                        url.origin, at: "upstream.spool.total",
                        "a source may hold half of it, so a body as long as request_buffering lets it be needs "
                            + Quantity.describe(bytes: needed)))
            }
        }
        return findings + tlsMistakes(builder) + differences(builder)
    }

    /// Where the configuration says otherwise than what is known of the ticket system.
    private static func differences(_ builder: ConfigurationBuilder) -> [Finding] {
        guard let located = builder.upstreamPreset else { return [] }
        let (preset, origin) = (located.value, located.origin)
        var findings: [Finding] = []
        let reuse = "upstream.reuse_after_body"
        switch (preset.readsBodies, builder.settings.upstream.reusesAfterBody) {
        case (let shown?, true) where !shown.holds:
            let risk = "a request could hide in another one's body; take it away"
            findings.append(.warning(origin, at: reuse, "true isn't safe with \(preset.title): \(shown.by). \(risk)"))
        case (nil, true):
            findings.append(
                .warning(
                    origin, at: reuse,
                    "nobody has shown that \(preset.title) reads every body that it is sent; unless you have, take it away"))
        default: break
        }
        if let shown = preset.wantsLengths, shown.holds, builder.settings.upstream.requestBuffering == .off {
            findings.append(
                .warning(origin, at: "upstream.request_buffering", "off loses chunked requests with \(preset.title): \(shown.by)"))
        }
        return findings
    }

    /// Where it does without something that is known to work with the ticket system.
    static func notes(_ builder: ConfigurationBuilder) -> [String] {
        guard let located = builder.upstreamPreset, let shown = located.value.readsBodies, shown.holds,
            !builder.settings.upstream.reusesAfterBody
        else {
            return []
        }
        return [
            "\(located.origin): upstream.reuse_after_body: true would save a connection for each request with a body; "
                + "\(located.value.title): \(shown.by)"
        ]
    }

    private static func tlsMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        let urls = urls(builder)
        guard let first = urls.first else { return [] }
        let files = [
            ("upstream.ca", builder.files["upstream.ca"]?.origin), ("upstream.certificate", builder.files["upstream.certificate"]?.origin),
            ("upstream.key", builder.files["upstream.key"]?.origin), ("upstream.pin_sha256", builder.upstreamPins?.origin),
            ("upstream.server_name", builder.upstreamServerName?.origin),
        ]
        var findings: [Finding] = []
        if !urls.contains(where: { $0.value.tlsPeer != nil }) {
            for case (let path, let origin?) in files {
                findings.append(.error(origin, at: path, "\(first.value.text) isn't https, so this would do nothing"))
            }
        }
        switch (builder.files["upstream.certificate"], builder.files["upstream.key"]) {
        case (let certificate?, nil): findings.append(.error(certificate.origin, at: "upstream.certificate", "upstream.key is missing"))
        case (nil, let key?): findings.append(.error(key.origin, at: "upstream.key", "upstream.certificate is missing"))
        default: break
        }
        return findings
    }
}
