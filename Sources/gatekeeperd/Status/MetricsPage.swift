internal import Gatekeeper

/// What `/metrics` says: names that stay, because alerts are written with them.
struct MetricsPage {
    private let observation: Observation
    private var report: StatusReport { observation.report }
    private var verdicts: VerdictTally { observation.verdicts }

    /// Entries of the allow-list beyond have no series of their own: a list may have a million.
    static let sourcesMax = 500

    init(_ observation: Observation) {
        self.observation = observation
    }

    var answer: StatusAnswer { StatusAnswer(status: 200, contentType: Exposition.contentType, body: Array(text.utf8)) }

    var text: String {
        var metrics = Exposition()
        process(&metrics)
        connections(&metrics)
        requests(&metrics)
        upstreams(&metrics)
        configuration(&metrics)
        sources(&metrics)
        return metrics.text
    }

    private func process(_ metrics: inout Exposition) {
        metrics.begin("build_info", .gauge, "1, with the version as a label.")
        metrics.sample(1, [("version", report.version)])
        if let startedAt = report.startedAt {
            metrics.begin("process_start_time_seconds", .gauge, "When the process started to serve, in seconds since 1970.")
            metrics.sample(startedAt)
        }
        metrics.begin("log_lines_dropped_total", .counter, "Log lines that found no room or could not be written.")
        metrics.sample(observation.linesDropped)
        metrics.begin("problems", .gauge, "Problems that the status page shows first, by kind.")
        for kind in Problem.Kind.allCases { metrics.sample(report.problems.count { $0.kind == kind }, [("kind", kind.rawValue)]) }
    }

    private func connections(_ metrics: inout Exposition) {
        metrics.begin("connections_open", .gauge, "Connections of admitted clients that are open.")
        metrics.sample(report.openConnections ?? 0)
        metrics.begin("connections_admitted_total", .counter, "Connections that were admitted.")
        metrics.sample(report.admittedCount ?? 0)
        metrics.begin("connections_denied_total", .counter, "Connections that were turned away, by the reason that the log gives.")
        for reason in DenialReason.allCases where reason != .dropped {
            metrics.sample(verdicts.denied(reason), [("reason", "\(reason.word)")])
        }
        if let shield = report.shield {
            metrics.begin(
                "packets_dropped_total", .counter, "Packets of strangers that the kernel dropped: several for each attempt to connect.")
            metrics.sample(shield.droppedCount)
            metrics.begin("shield_up", .gauge, "Whether the kernel drops strangers at the moment.")
            metrics.sample(["up", "always"].contains(shield.state) ? 1 : 0)
        }
        metrics.begin("tls_failures_total", .counter, "Admitted connections on which TLS failed.")
        metrics.sample(verdicts.tlsFailures)
    }

    private func requests(_ metrics: inout Exposition) {
        metrics.begin("requests_total", .counter, "Requests that ended, by the outcome that the log gives and the class of the status.")
        for outcome in Outcome.allCases {
            for statusClass in VerdictTally.statusClasses {
                let count = verdicts.exchanges(outcome, statusClass: statusClass)
                // The usual one is there from the start, so that its first increase is seen.
                guard count > 0 || (outcome == .completed && statusClass == 2) else { continue }
                metrics.sample(count, [("outcome", "\(outcome.word)"), ("status", statusClass == 0 ? "none" : "\(statusClass)xx")])
            }
        }
        metrics.begin(
            "request_duration_seconds", .histogram,
            "From a request's first byte to the end of its answer; connections that left HTTP apart.")
        metrics.histogram(
            verdicts.durations, millisecondsMax: VerdictTally.durationMillisecondsMax, nanoseconds: verdicts.nanoseconds)
        if report.routesMode != nil {
            metrics.begin("routes_shadow_refused_total", .counter, "Requests that passed because routes_mode is shadow.")
            metrics.sample(verdicts.shadowRefused)
            metrics.begin("routes_enforced", .gauge, "Whether what is on no route is refused.")
            metrics.sample(report.routesMode == "enforce" ? 1 : 0)
        }
        metrics.begin("request_bytes_total", .counter, "Bytes of requests, heads and bodies, that clients have sent.")
        metrics.sample(verdicts.bytesIn)
        metrics.begin("response_bytes_total", .counter, "Bytes of responses, heads and bodies, that clients were sent.")
        metrics.sample(verdicts.bytesOut)
    }

    private func upstreams(_ metrics: inout Exposition) {
        let upstreams = Self.distinct(report.upstreams, by: \.url)
        metrics.begin("upstream_up", .gauge, "Whether a ticket system answers, as far as is known.")
        for upstream in upstreams { metrics.sample(upstream.isUp ?? false ? 1 : 0, [("upstream", upstream.url)]) }
        metrics.begin("upstream_connections_open", .gauge, "Connections to a ticket system that are open.")
        for upstream in upstreams { metrics.sample(upstream.openConnections ?? 0, [("upstream", upstream.url)]) }
    }

    private func configuration(_ metrics: inout Exposition) {
        let certificates = Self.distinct(report.certificates.filter { $0.expiresAt != nil }) { $0.file ?? "" }
        metrics.begin("certificate_not_after_timestamp_seconds", .gauge, "When a certificate that is in force ends, in seconds since 1970.")
        for certificate in certificates {
            guard let end = certificate.expiresAt else { continue }
            metrics.sample(end, [("file", certificate.file ?? ""), ("names", certificate.names.joined(separator: " "))])
        }
        metrics.begin(
            "certificate_not_before_timestamp_seconds", .gauge, "When a certificate that is in force began, in seconds since 1970.")
        for certificate in certificates {
            guard let start = certificate.startsAt else { continue }
            metrics.sample(start, [("file", certificate.file ?? ""), ("names", certificate.names.joined(separator: " "))])
        }
        orders(&metrics)
        metrics.begin("configuration_last_reload_successful", .gauge, "Whether the configuration that was last asked for is in force.")
        metrics.sample(observation.isLastReloadFine ? 1 : 0)
        if let configuration = report.configuration {
            metrics.begin("configuration_generation", .gauge, "Counts up with every configuration that comes into force.")
            metrics.sample(configuration.generation)
            if let loadedAt = configuration.loadedAt {
                metrics.begin(
                    "configuration_loaded_timestamp_seconds", .gauge, "When the configuration came into force, in seconds since 1970.")
                metrics.sample(loadedAt)
            }
        }
        metrics.begin("lockdown", .gauge, "Whether everybody is shut out but a few.")
        metrics.sample(report.lockdown == nil ? 0 : 1)
        metrics.begin("configuration_unconfirmed", .gauge, "Whether the configuration is on trial and waits to be confirmed.")
        metrics.sample(report.pendingConfirmation == nil ? 0 : 1)
        metrics.begin("grants_active", .gauge, "Temporary entries of the allow-list that admit.")
        metrics.sample(report.grants.count)
    }

    /// Also of those who haven't come yet: a vendor who is silent is one whom nothing is heard of.
    private func sources(_ metrics: inout Exposition) {
        metrics.begin("sources", .gauge, "Entries of the allow-list.")
        metrics.sample(observation.sourceCount)
        let sources = Self.distinct(report.sources, by: \.address).prefix(Self.sourcesMax)
        func family(_ name: StaticString, _ kind: Exposition.Kind, _ help: StaticString, _ value: (StatusReport.Source) -> UInt64) {
            metrics.begin(name, kind, help)
            for source in sources { metrics.sample(value(source), [("address", source.address), ("label", source.label ?? "")]) }
        }
        func moments(_ name: StaticString, _ help: StaticString, _ moment: (StatusReport.Source) -> WallTime?) {
            metrics.begin(name, .gauge, help)
            for source in sources {
                guard let moment = moment(source) else { continue }
                metrics.sample(moment, [("address", source.address), ("label", source.label ?? "")])
            }
        }
        moments("source_listed_timestamp_seconds", "Since when an entry of the configuration is on the allow-list, in seconds since 1970.")
        {
            $0.listedAt
        }
        moments("source_last_seen_timestamp_seconds", "When a source last connected or left, in seconds since 1970; none if it never has.")
        {
            $0.lastSeenAt
        }
        family("source_connections_open", .gauge, "Connections that are open, by the entry of the allow-list that admits them.") {
            UInt64(clamping: $0.openConnections ?? 0)
        }
        family("source_connections_admitted_total", .counter, "Connections, by the entry of the allow-list that admitted them.") {
            $0.admittedCount ?? 0
        }
        family("source_requests_total", .counter, "Requests, by the entry of the allow-list that admitted their connection.") {
            $0.requestCount ?? 0
        }
    }

    private func orders(_ metrics: inout Exposition) {
        let orders = report.orders.compactMap { certificate in
            certificate.order.map { (names: certificate.names.joined(separator: " "), order: $0) }
        }
        guard !orders.isEmpty else { return }
        metrics.begin("acme_renewal_timestamp_seconds", .gauge, "When a certificate is ordered next, in seconds since 1970.")
        for case (let names, let order) in orders {
            if let renewsAt = order.renewsAt { metrics.sample(max(renewsAt, order.pausedUntil ?? renewsAt), [("names", names)]) }
        }
        metrics.begin("acme_issued_total", .counter, "Certificates that came.")
        for (names, order) in orders { metrics.sample(order.issuedCount, [("names", names)]) }
        metrics.begin("acme_failures_total", .counter, "Orders that failed, by the reason that the log gives.")
        for (names, order) in orders {
            for (reason, count) in order.failureCounts.sorted(by: { $0.key < $1.key }) {
                metrics.sample(count, [("names", names), ("reason", reason)])
            }
        }
    }

    /// The first of those that share a key: a series may be there once.
    private static func distinct<Element>(_ elements: some Sequence<Element>, by key: (Element) -> String) -> [Element] {
        var seen: Set<String> = []
        return elements.filter { seen.insert(key($0)).inserted }
    }
}
