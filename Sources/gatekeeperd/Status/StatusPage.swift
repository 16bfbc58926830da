internal import Gatekeeper

/// The service's state for people with a browser: what `gatekeeperd status` tells, the last 24 hours, and who was denied last.
///
/// One document without script, and with nothing to fetch. What is configured or was sent by a peer is only ever text in it (`Markup`), and
/// the browser is told to run nothing in any case.
struct StatusPage {
    let observation: Observation
    let denials: DenialReport?
    let now: WallTime
    let zone: LocalZone
    /// It stays as it is until somebody asks for it again.
    private let isStill: Bool
    var report: StatusReport { observation.report }

    init(_ observation: Observation, denials: DenialReport?, now: WallTime, zone: LocalZone = .utc, isStill: Bool = false) {
        self.observation = observation
        self.denials = denials
        self.now = now
        self.zone = zone
        self.isStill = isStill
    }

    static let refreshSeconds = 30

    /// A field and not an element: who reads slowly asks for the page that stays (WCAG 2.2.1), and finds nothing in it that turns it over.
    static let refresh = [(name: "Refresh", value: "\(refreshSeconds)")]

    var answer: StatusAnswer {
        StatusAnswer(
            status: 200, contentType: "text/html; charset=utf-8",
            fields: [
                ("Content-Security-Policy", Self.policy), ("Referrer-Policy", "no-referrer"),
            ] + (isStill ? [] : Self.refresh), body: Array(text.utf8))
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
        counts(&page)
        day(&page)
        service(&page)
        tables(&page)
        page.tag("<footer><p>As of ")
        page.put(zone.bothTexts(now, now: now))
        if isStill {
            page.tag("; this page stays as it is. <a href=\"/\">Refresh it by itself</a></p>\n")
        } else {
            page.tag(", refreshed every 30 seconds. <a href=\"/still\">Keep it as it is</a></p>\n")
        }
        page.tag("<p>For programs: <a href=\"/metrics\">/metrics</a>, <a href=\"/status.json\">/status.json</a></p></footer>\n")
        page.tag("</main>\n</body>\n</html>\n")
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

    private func counts(_ page: inout Markup) {
        page.tag("<section class=\"counts\">\n")
        let limit = report.limits.map { " of \(DayChart.text($0.connections))" } ?? ""
        page.facts([
            ("connections open", report.openConnections.map { DayChart.text($0) + limit }),
            ("admitted", report.admittedCount.map(DayChart.text)), ("denied", report.deniedCount.map(DayChart.text)),
            ("requests", report.requestCount.map(DayChart.text)),
        ])
        page.tag("</section>\n")
    }

    private func service(_ page: inout Markup) {
        let configuration = report.configuration
        page.tag("<section>\n")
        page.heading("Service")
        page.facts([
            ("version", report.version),
            (
                "up",
                report.uptime(at: now).map { uptime in
                    TimeText.duration(milliseconds: uptime) + (report.startedAt.map { ", since \(zone.bothTexts($0, now: now))" } ?? "")
                }
            ),
            ("process", report.processIdentifier.map { "\($0)" }), ("listening on", report.listenersText),
            ("connections a source", report.limits.map { "\(DayChart.text($0.connectionsPerSource)) at most" }),
            ("routes", report.routesText), ("shield", report.shield?.text(at: now)), ("configuration", configuration?.file),
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
}
