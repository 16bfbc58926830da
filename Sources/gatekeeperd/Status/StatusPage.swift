internal import Gatekeeper

/// The service's state for people with a browser: what `gatekeeperd status` tells, and who was denied last.
///
/// One document without script, and with nothing to fetch. What is configured or was sent by a peer is only ever text in it (`Markup`), and
/// the browser is told to run nothing in any case.
struct StatusPage {
    private let observation: Observation
    private let denials: DenialReport?
    private let now: WallTime
    private var report: StatusReport { observation.report }

    private static let sourcesMax = 200

    init(_ observation: Observation, denials: DenialReport?, now: WallTime) {
        self.observation = observation
        self.denials = denials
        self.now = now
    }

    var answer: StatusAnswer {
        StatusAnswer(
            status: 200, contentType: "text/html; charset=utf-8",
            fields: [
                ("Content-Security-Policy", Self.policy), ("Referrer-Policy", "no-referrer"),
            ], body: Array(text.utf8))
    }

    /// Nothing but the style below: no script, no frame around it, no form.
    private static let policy =
        "default-src 'none'; style-src 'sha256-\(StatusStyle.hash)'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    var text: String {
        var page = Markup()
        page.tag(
            """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Gatekeeper</title>
            <style>
            """)
        page.tag(StatusStyle.text)
        page.tag("</style>\n</head>\n<body>\n<main>\n<h1>Gatekeeper</h1>\n")
        opening(&page)
        service(&page)
        tables(&page)
        page.tag("<footer>As of ")
        page.put(now.text)
        page.tag(
            ", for programs: <a href=\"/status.json\">/status.json</a>, <a href=\"/metrics\">/metrics</a></footer>\n</main>\n</body>\n</html>\n"
        )
        return page.text
    }

    // MARK: What needs attention

    private func opening(_ page: inout Markup) {
        let attention = attention
        if attention.isEmpty { return page.tag("<p class=\"well\">Serving, nothing needs attention.</p>\n") }
        page.tag("<section class=\"attention\">\n")
        page.heading("Needs attention")
        page.list(attention)
        page.tag("</section>\n")
    }

    private var attention: [String] {
        var lines = report.problems.map { $0.lines(at: now).joined(separator: "; ") }
        if let pending = report.pendingConfirmation {
            let file = pending.file ?? "the new configuration"
            let who = pending.askedBy.map { ", applied by \($0)," } ?? ""
            lines.append("unconfirmed: \(file)\(who) is undone \(TimeText.until(pending.deadline, from: now)) unless it is confirmed")
        }
        return lines
    }

    // MARK: The service

    private func service(_ page: inout Markup) {
        let configuration = report.configuration
        page.tag("<section class=\"counts\">\n")
        page.facts([
            ("connections open", report.openConnections.map { "\($0)" }), ("admitted", report.admittedCount.map { "\($0)" }),
            ("denied", report.deniedCount.map { "\($0)" }), ("requests", report.requestCount.map { "\($0)" }),
        ])
        page.tag("</section>\n<section>\n")
        page.heading("Service")
        page.facts([
            ("version", report.version),
            (
                "up",
                report.uptime(at: now).map { uptime in
                    TimeText.duration(milliseconds: uptime) + (report.startedAt.map { ", since \($0.text)" } ?? "")
                }
            ),
            ("process", report.processIdentifier.map { "\($0)" }), ("listening on", report.listenersText),
            ("shield", report.shield?.text(at: now)), ("configuration", configuration?.file),
            (
                "generation",
                configuration.map { state in
                    "\(state.generation)" + (state.hash.map { " (\($0.prefix(12)))" } ?? "")
                        + (state.loadedAt.map { ", loaded \(TimeText.since($0, until: now))" } ?? "")
                }
            ), ("log lines lost", observation.linesDropped > 0 ? "\(observation.linesDropped)" : nil),
        ])
        page.tag("</section>\n")
    }

    // MARK: Tables

    private func tables(_ page: inout Markup) {
        page.table(
            "Certificates", ["names", "expires", "file"],
            report.certificates.map { certificate in
                let end = certificate.expiresAt
                return Markup.Row(
                    cells: [certificate.names.joined(separator: ", "), end.map { TimeText.until($0, from: now) }, certificate.file],
                    isBad: certificate.isEnding(at: now))
            })
        page.table(
            "Ticket systems", ["address", "state", "connections"],
            report.upstreams.map { upstream in
                let state = upstream.isUp.map { $0 ? "up" : "down" }
                let failure = upstream.failure.map { ": \($0)" } ?? ""
                return Markup.Row(
                    cells: [upstream.url, state.map { $0 + failure }, upstream.openConnections.map { "\($0)" }],
                    isBad: !(upstream.isUp ?? true))
            })
        page.table(
            "Grants", ["address", "ends", "first used", "made by", "reason"],
            report.grants.map { grant in
                Markup.Row(cells: [
                    grant.address.description, TimeText.until(grant.endsAt, from: now),
                    grant.firstUsedAt.map { TimeText.since($0, until: now) } ?? "not yet", "\(grant.madeBy)", grant.reason,
                ])
            })
        sources(&page)
        denied(&page)
    }

    private func sources(_ page: inout Markup) {
        page.table(
            "Sources", ["address", "label", "last seen", "open", "admitted", "requests", "ends", "from"],
            report.sources.prefix(Self.sourcesMax).map { source in
                Markup.Row(cells: [
                    source.address, source.label, source.lastSeenAt.map { TimeText.since($0, until: now) } ?? "never",
                    source.openConnections.map { "\($0)" }, source.admittedCount.map { "\($0)" }, source.requestCount.map { "\($0)" },
                    source.until.map { TimeText.until($0, from: now) }, source.origin,
                ])
            })
        let rest = observation.sourceCount - min(report.sources.count, Self.sourcesMax)
        guard rest > 0 else { return }
        page.tag("<p>and ")
        page.put("\(rest)")
        page.tag(" more, which <code>gatekeeperd status</code> shows</p>\n")
    }

    private func denied(_ page: inout Markup) {
        guard let denials else { return }
        var rows = denials.sources.map { Self.row($0.address.description, $0.denials, $0.words, now) }
        rows += denials.networks.map { Self.row($0.name, $0.denials, nil, now) }
        if let others = denials.others { rows.append(Self.row("others", others.denials, nil, now)) }
        page.table("Denied within a day", ["address", "times", "reasons", "first", "last", "label"], rows)
        guard !rows.isEmpty || denials.packets != nil else { return }
        page.tag("<p>")
        if denials.notShown.count > 0 {
            page.put(
                "And \(denials.notShown.count) times \(Quantity.counted(denials.notShown.sources, "other address", plural: "other addresses")). "
            )
        }
        if let packets = denials.packets {
            page.put("The kernel dropped \(Quantity.counted(packets.count, "packet")) besides, several for each attempt to connect. ")
        }
        page.tag("From the newest records of the ledger; <code>gatekeeperd denials</code> tells all.</p>\n")
    }

    private static func row(_ name: String, _ denials: DenialReport.Denials, _ label: String?, _ now: WallTime) -> Markup.Row {
        Markup.Row(cells: [
            name, "\(denials.count)", denials.reasons.map(\.word).joined(separator: ", "), TimeText.since(denials.first, until: now),
            TimeText.since(denials.last, until: now), label,
        ])
    }
}
