internal import Gatekeeper

/// Every key of the configuration file, in the order of the reference.
enum Schema {
    static let settings: [Setting] =
        listening + acme + allowing + admission + upstream + clientAddress + routing + routeConditions + learning + limits + operation
        + digest

    /// The setting at a path, nil if there is none.
    static func setting(_ path: String) -> Setting? { byPath[path] }

    /// The names that may stand directly under `path` (empty for the root).
    static func names(under path: String) -> [String] {
        let prefix = path.isEmpty ? "" : path + "."
        return settings.map(\.path).filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            .filter { !$0.contains(".") && !$0.contains("[") }
    }

    /// What was probably meant by a key that isn't known: one beside it that is spelt nearly so, or the same word elsewhere.
    static func suggestion(for name: String, under path: String) -> String? {
        if let elsewhere = settings.first(where: { $0.name == name && !$0.path.contains("[") }) { return elsewhere.path }
        return Suggestion.nearest(to: name, among: names(under: path)).map { path.isEmpty ? $0 : "\(path).\($0)" }
    }

    private static let byPath = Dictionary(uniqueKeysWithValues: settings.map { ($0.path, $0) })

    private static let milliseconds = 1...86_400_000

    private static let listening = [
        Setting(path: "listen", rule: .list(.listeners), summary: "Addresses to accept TLS connections on; at least one."),
        Setting(
            path: "listen[].address", rule: .field(form: "ADDRESS:PORT, [IPV6]:PORT or PORT"),
            summary:
                "An address and port; [::]:443 and the bare 443 take IPv4 and IPv6. A link-local one names its interface, as fe80::1%eth0."
        ),
        Setting(
            path: "listen[].proxy_protocol_from", rule: .fields(form: "a list of ADDRESS or ADDRESS/BITS"),
            summary: "Load balancers that must speak the PROXY protocol (1 or 2); the source that it names is judged. Nobody else may."),
        Setting(
            path: "listen[].free_bind", rule: .field(form: "true or false"),
            summary:
                "Listen although this machine hasn't got the address yet, or another has it for now (VRRP); false unless said otherwise."),
        Setting(
            path: "listen[].client_ca", rule: .field(form: "the path of a file"),
            summary: "Authorities of client certificates for this listener, in place of tls.client_ca."),
        Setting(path: "tls", rule: .section, summary: "The certificate and what may be negotiated."),
        Setting(
            path: "tls.certificate", rule: .scalar(.file("tls.certificate")),
            summary: "A PEM file with the chain, leaf first; this or certificates is required."),
        Setting(path: "tls.key", rule: .scalar(.file("tls.key")), summary: "A PEM file with the leaf's private key; required."),
        Setting(
            path: "tls.certificates", rule: .list(.certificates),
            summary: "Several certificates in place of one, chosen by the name that the peer asks for; the first one if none is for it."),
        Setting(
            path: "tls.certificates[].certificate", rule: .field(form: "the path of a file"),
            summary: "A PEM file with the chain, leaf first."),
        Setting(
            path: "tls.certificates[].key", rule: .field(form: "the path of a file"), summary: "A PEM file with the leaf's private key."),
        Setting(
            path: "tls.certificates[].acme", rule: .likeGroup("tls.acme"), summary: "One that is ordered, in place of files."),
        Setting(
            path: "tls.sni_strict", rule: .scalar(.flag(\.settings.tls.refusesUnknownNames)),
            summary: "Refuse handshakes that ask for a name that no certificate is for, or for none, and requests for another host."),
        Setting(
            path: "tls.minimum_version",
            rule: .scalar(.choice(\.settings.tls.minimumVersion, [("1.2", .tls12), ("1.3", .tls13)], default: "1.2")),
            summary: "The oldest TLS version that a peer may speak."),
        Setting(
            path: "tls.client_ca", rule: .scalar(.file("tls.client_ca")),
            summary: "Authorities of client certificates, a PEM file; every peer must then show a certificate of theirs."),
        Setting(
            path: "tls.client_crl", rule: .scalar(.file("tls.client_crl")),
            summary: "Revocation lists of all authorities of client certificates, a PEM file; one that has run out lets nobody in."),
    ]

    private static let admission = [
        Setting(
            path: "allow_everyone", rule: .scalar(.flag(\.mayAllowEveryone)),
            summary: "Accept 0.0.0.0/0 and ::/0 in the allow-list, which are refused otherwise because they are mistakes nearly always."),
        Setting(
            path: "on_deny", rule: .scalar(.onDeny),
            summary: "How a stranger is turned away: an RST at once, an orderly FIN, or by the kernel, which ignores him."),
        Setting(
            path: "shield", rule: .switchedSection(.shieldSwitch),
            summary: "When strangers come in a flood, the kernel ignores them for a while, as with on_deny: drop; off for never."),
        Setting(
            path: "shield.above", rule: .scalar(.rate(\.shield.above, in: 1...1_000_000)),
            summary: "Denials of addresses that aren't listed, beyond which it is raised."),
        Setting(
            path: "shield.for", rule: .scalar(.duration(\.shield.forMilliseconds, in: 1_000...86_400_000)),
            summary: "How long there must be less than half as many packets before it is lowered."),
    ]

    private static let upstream = [
        Setting(path: "upstream", rule: .section, summary: "The ticket system."),
        Setting(path: "upstream.url", rule: .scalar(.upstreamURL), summary: "Where it listens; required."),
        Setting(
            path: "upstream.urls", rule: .list(.upstreamURLs),
            summary: "Where several listen that stand in for each other, in place of url."),
        Setting(
            path: "upstream.urls[].url", rule: .field(form: "http://HOST:PORT, https://HOST:PORT or unix:/PATH"), summary: "One of them."),
        Setting(
            path: "upstream.preset", rule: .scalar(.upstreamPreset),
            summary: "Which ticket system it is. Changes nothing by itself: check says where other keys differ from what is known of it."),
        Setting(
            path: "upstream.order",
            rule: .scalar(
                .choice(\.settings.upstream.order, [("failover", .failover), ("round_robin", .roundRobin)], default: "failover")),
            summary: "The first of several that answers, or each in turn."),
        Setting(
            path: "upstream.ca", rule: .scalar(.file("upstream.ca")),
            summary: "Authorities that an https ticket system is verified against, in place of the system's."),
        Setting(
            path: "upstream.pin_sha256", rule: .scalar(.upstreamPins),
            summary: "The hash of an https ticket system's public key, for a self-signed certificate; several with commas between."),
        Setting(
            path: "upstream.certificate", rule: .scalar(.file("upstream.certificate")),
            summary: "A certificate to show to an https ticket system that asks for one, leaf first."),
        Setting(path: "upstream.key", rule: .scalar(.file("upstream.key")), summary: "The private key of upstream.certificate."),
        Setting(
            path: "upstream.host", rule: .scalar(.upstreamHost),
            summary: "The Host that is sent: the client's, which links in answers are built from, or always this one."),
        Setting(
            path: "upstream.server_name", rule: .scalar(.upstreamServerName),
            summary: "The name that an https ticket system is asked for (SNI) and verified by; the name in host or url unless said."),
        Setting(
            path: "upstream.health", rule: .section,
            summary: "Ask regularly whether the ticket system answers; without this section requests alone tell."),
        Setting(path: "upstream.health.path", rule: .scalar(.checkPath), summary: "What is asked for; any status below 500 is well."),
        Setting(
            path: "upstream.health.interval", rule: .scalar(.duration(\.check.intervalMilliseconds, in: 100...86_400_000)),
            summary: "Between two checks; needs path."),
        Setting(
            path: "upstream.health.timeout", rule: .scalar(.duration(\.check.timeoutMilliseconds, in: milliseconds)),
            summary: "For the answer to a check; needs path."),
        Setting(
            path: "upstream.connections_max", rule: .scalar(.count(\.settings.upstream.connectionsMax, in: 1...100_000)),
            summary: "Connections to each ticket system, in all; further requests wait for one."),
        Setting(path: "upstream.queue", rule: .section, summary: "Requests that wait for a connection to the ticket system."),
        Setting(
            path: "upstream.queue.requests", rule: .scalar(.count(\.settings.upstream.queueMax, in: 0...1_000_000)),
            summary: "How many; more are answered 503."),
        Setting(
            path: "upstream.queue.for", rule: .scalar(.duration(\.settings.upstream.queueMilliseconds, in: milliseconds)),
            summary: "How long, before they are answered 503."),
        Setting(
            path: "upstream.request_buffering", rule: .scalar(.requestBuffering),
            summary:
                "Bodies that come without a length: auto collects them up to 8 MiB, sends them with it and streams longer ones; a size "
                + "refuses longer ones with 413; off streams all."),
        Setting(path: "upstream.spool", rule: .section, summary: "Where collected bodies lie that are too large for memory."),
        Setting(
            path: "upstream.spool.total", rule: .scalar(.size(\.settings.upstream.spool.totalBytesMax, in: 0...(1 << 40))),
            summary: "Of all requests together, and of one source as much as is free beside it; beyond that 503."),
        Setting(
            path: "upstream.spool.folder", rule: .scalar(.spoolFolder),
            summary: "On a disk with that much room; nothing shows there, and nothing is left behind."),
        Setting(
            path: "upstream.reuse_after_body", rule: .scalar(.flag(\.settings.upstream.reusesAfterBody)),
            summary:
                "Use a connection again behind a POST, PUT or PATCH with a body; only for a ticket system that is known to read bodies."),
        Setting(
            path: "upstream.field_names",
            rule: .scalar(.choice(\.settings.upstream.passesUnderscores, [("strict", false), ("underscores", true)], default: "strict")),
            summary:
                "Pass on fields whose names are letters, digits and hyphens, or those with underscores too, which CGI reads as hyphens; "
                + "those that it would read as a field about the client, the target or the method never pass."),
        Setting(path: "upstream.idle", rule: .section, summary: "Connections kept open between requests: as many as were in use of late."),
        Setting(
            path: "upstream.idle.connections", rule: .scalar(.count(\.settings.upstream.idleConnectionsMax, in: 0...10_000)),
            summary: "At most so many for each worker; 0 keeps none. connections_max bounds all of them."),
        Setting(
            path: "upstream.idle.for", rule: .scalar(.duration(\.settings.upstream.idleTimeoutMilliseconds, in: milliseconds)),
            summary: "How long; shorter than the ticket system keeps its own, so that it isn't the one to close."),
    ]

    private static let routing = [
        Setting(
            path: "routes", rule: .list(.routes), summary: "The only methods and paths that are let through; without this key all are."),
        Setting(
            path: "routes[].path", rule: .field(form: "/PATH"),
            summary: "{name} stands for one segment, {name}.json for one that ends so, /** at the end for everything below."),
        Setting(
            path: "routes[].methods", rule: .fields(form: "a list of methods"),
            summary: "In capitals; GET brings HEAD with it, and without this key every method is meant."),
        Setting(
            path: "routes[].case_sensitive", rule: .field(form: "true or false"),
            summary: "Whether a and A differ in the path; true unless said otherwise."),
        Setting(
            path: "websocket", rule: .scalar(.flag(\.settings.webSocket)),
            summary: "Let requests leave HTTP for a WebSocket; any other Upgrade is an offer, which is taken off."),
    ]

    private static let limits = [
        Setting(path: "limits", rule: .section, summary: "How much a peer may ask for."),
        Setting(
            path: "limits.request_body", rule: .scalar(.size(\.settings.limits.requestBodyBytesMax, in: 0...(1 << 40))),
            summary: "Bytes of a request's body; more is answered 413."),
        // A head is collected whole in a buffer of 64 KiB and written anew, with fields of ours, into another.
        Setting(
            path: "limits.head", rule: .scalar(.size(\.settings.limits.headBytesMax, in: 1024...(32 << 10))),
            summary: "Bytes of the request line and all fields; more is answered 431."),
        Setting(
            path: "limits.fields", rule: .scalar(.count(\.settings.limits.fieldsMax, in: 10...1000)),
            summary: "Fields in a head; more is answered 431."),
        Setting(
            path: "limits.target", rule: .scalar(.size(\.settings.limits.targetBytesMax, in: 256...(16 << 10))),
            summary: "Bytes of a request's target; more is answered 414."),
        Setting(
            path: "limits.chunk_header", rule: .scalar(.size(\.settings.limits.chunkHeaderBytesMax, in: 18...4096)),
            summary: "Bytes of one chunk's size and extensions; more is answered 400."),
        Setting(
            path: "limits.trailer", rule: .scalar(.size(\.settings.limits.trailerBytesMax, in: 256...(32 << 10))),
            summary: "Bytes of the fields behind a chunked body; more is answered 431."),
        Setting(
            path: "limits.body_rate", rule: .scalar(.size(\.settings.limits.bodyBytesPerSecondMin, in: 0...(1 << 20))),
            summary: "Bytes a second that a client must send of a body, and take of a response, averaged over timeouts.body."),
        Setting(
            path: "limits.requests_per_connection",
            rule: .scalar(.count(\.settings.limits.requestsPerConnectionMax, in: 1...1_000_000_000)),
            summary: "Requests after which a connection is closed with the answer."),
        Setting(
            path: "limits.pipelined_requests", rule: .scalar(.count(\.settings.limits.pipelinedRequestsMax, in: 1...1_000_000)),
            summary: "Requests in a row that didn't wait for an answer, after which a connection is closed with the answer."),
        Setting(
            path: "limits.connections", rule: .scalar(.count(\.settings.limits.connectionsMax, in: 1...1_000_000)),
            summary: "Connections at the same time."),
        Setting(
            path: "limits.connections_per_source", rule: .scalar(.count(\.settings.limits.connectionsPerSourceMax, in: 1...1_000_000)),
            summary: "Connections of one address at the same time; more are denied."),
        Setting(
            path: "limits.requests_per_source", rule: .scalar(.rateOrOff(\.settings.limits.requestsPerSource, in: 1...1_000_000)),
            summary: "Requests of one address, over all its connections and so many at once; more are answered 429."),
        Setting(
            path: "limits.handshakes_per_source", rule: .scalar(.rateOrOff(\.settings.limits.handshakesPerSource, in: 1...1_000_000)),
            summary: "Connections, each with its TLS handshake, of one address, and so many at once; more are denied."),
        Setting(path: "timeouts", rule: .section, summary: "How long each wait may last."),
        Setting(
            path: "timeouts.handshake", rule: .scalar(.duration(\.settings.timeouts.handshakeMilliseconds, in: milliseconds)),
            summary: "From the accept to the end of the TLS handshake."),
        Setting(
            path: "timeouts.head", rule: .scalar(.duration(\.settings.timeouts.headMilliseconds, in: milliseconds)),
            summary: "From a request's first byte to the end of its head."),
        Setting(
            path: "timeouts.body", rule: .scalar(.duration(\.settings.timeouts.bodyMilliseconds, in: milliseconds)),
            summary: "Between two pieces of a body, in either direction; for an answer's from the ticket system see timeouts.stream."),
        Setting(
            path: "timeouts.idle", rule: .scalar(.duration(\.settings.timeouts.idleMilliseconds, in: milliseconds)),
            summary: "Between two requests on one connection."),
        Setting(
            path: "timeouts.connect", rule: .scalar(.duration(\.settings.timeouts.connectMilliseconds, in: milliseconds)),
            summary: "For connecting to the upstream, for each address of its name."),
        Setting(
            path: "timeouts.response", rule: .scalar(.duration(\.settings.timeouts.responseMilliseconds, in: milliseconds)),
            summary: "From the end of a request to the head of the upstream's response."),
        Setting(
            path: "timeouts.stream", rule: .scalar(.duration(\.settings.timeouts.streamMilliseconds, in: milliseconds)),
            summary: "How long the ticket system's answer may pause; without this key as long as timeouts.body, where that is written."),
        Setting(
            path: "timeouts.expect", rule: .scalar(.duration(\.settings.timeouts.expectMilliseconds, in: 0...86_400_000)),
            summary: "How long a client that asks for 100 Continue waits for the upstream's before it gets ours."),
        Setting(
            path: "timeouts.tunnel", rule: .scalar(.duration(\.settings.timeouts.tunnelMilliseconds, in: milliseconds)),
            summary: "For a WebSocket on which nothing moves in either direction."),
        Setting(
            path: "timeouts.unacknowledged",
            rule: .scalar(.duration(\.settings.timeouts.unacknowledgedMilliseconds, in: 1_000...86_400_000)),
            summary:
                "Until the peer's kernel acknowledges what was sent; then the peer is taken for unreachable. How slowly it reads is another matter."
        ),
        Setting(
            path: "timeouts.drain", rule: .scalar(.duration(\.settings.timeouts.drainMilliseconds, in: 0...86_400_000)),
            summary: "For finishing what runs when the service is asked to stop."),
        Setting(
            path: "timeouts.leave", rule: .scalar(.duration(\.settings.timeouts.leaveMilliseconds, in: 0...86_400_000)),
            summary:
                "Before that, connections are still taken while /readyz answers 503, so that load balancers send no more; 0s for not at all."
        ),
    ]

    private static let operation = [
        Setting(path: "log", rule: .section, summary: "What is written about connections and requests."),
        Setting(
            path: "log.to", rule: .scalar(.logDestination),
            summary: "Where lines go; a file is opened again on SIGUSR1, and syslog means \(LogDestination.syslogPath)."),
        Setting(
            path: "log.format",
            rule: .scalar(.choice(\.settings.log.format, Settings.Log.Format.allCases.map { ($0.rawValue, $0) }, default: "json")),
            summary: "One JSON object a line, or text for people."),
        Setting(path: "log.access", rule: .scalar(.flag(\.settings.log.access)), summary: "A line for each request."),
        Setting(
            path: "log.query", rule: .scalar(.flag(\.settings.log.query)),
            summary: "The query of a request's target too; queries carry keys."),
        Setting(
            path: "log.fields", rule: .list(.logFields),
            summary: "What a request's line tells besides: the client's User-Agent, TLS's cipher suite, the trace of its traceparent."),
        Setting(
            path: "state", rule: .scalar(.folder(\.statePath)),
            summary: "The folder of what must outlive the service: grants, denials, learned requests, and a configuration on trial."),
        Setting(
            path: "control", rule: .scalar(.socket(\.controlPath)),
            summary: "The UNIX socket that commands use; root, the service's user and the socket's group may."),
        Setting(
            path: "status", rule: .scalar(.statusAddress),
            summary: "Where the status page, /status.json, /metrics, /healthz and /readyz are served, over plain HTTP; else nowhere."),
        Setting(
            path: "status_token", rule: .scalar(.statusToken),
            summary: "What a reader of the status page and /metrics must know: a Bearer token, or the password of Basic with any name."),
        Setting(
            path: "notify", rule: .list(.notifiers),
            summary: "Who is told when a problem begins and when it is over; what status calls a problem."),
        Setting(
            path: "notify[].webhook", rule: .field(form: "https://HOST/PATH, or http:// to this machine"),
            summary: "Where a notice is posted to. Messages show no more of it than its host; best as ${NAME}."),
        Setting(
            path: "notify[].format", rule: .field(form: "json, slack, teams or ntfy"),
            summary: "What is expected there; json, which has a text besides its parts, unless said otherwise."),
        Setting(
            path: "notify[].secret", rule: .field(form: "16 to 256 bytes, best as ${NAME}"),
            summary:
                "Signs a notice: X-Gatekeeper-Signature is sha256= and the HMAC-SHA256 of X-Gatekeeper-Timestamp, a full stop and the body."
        ),
        Setting(
            path: "notify[].command", rule: .field(form: "the absolute path of a program"),
            summary:
                "A program that reads a notice as JSON from its standard input, has 30 s, and exits 0; only from a file that is root's "
                + "alone to change."),
        Setting(path: "workers", rule: .scalar(.workers), summary: "Threads that carry connections; auto is one for each processor."),
    ]
}
