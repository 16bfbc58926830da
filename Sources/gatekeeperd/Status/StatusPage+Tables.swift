internal import Gatekeeper

/// What is listed, one line each.
extension StatusPage {
    private static let sourcesMax = 200

    func tables(_ page: inout Markup) {
        page.table(
            "Certificates", ["names", "expires", "file"],
            report.certificates.map { certificate in
                let end = certificate.expiresAt
                return Markup.Row(
                    cells: [certificate.names.joined(separator: ", "), end.map { TimeText.until($0, from: now) }, certificate.file],
                    isBad: certificate.isEnding(at: now))
            })
        upstreams(&page)
        page.table(
            "Grants", ["address", "ends", "first used", "made by", "reason"],
            report.grants.map { grant in
                Markup.Row(cells: [
                    grant.address.description, TimeText.until(grant.endsAt, from: now),
                    grant.firstUsedAt.map(since) ?? "not yet", "\(grant.madeBy)", grant.reason,
                ])
            })
        answers(&page)
        sources(&page)
        page.table(
            "Failures of TLS since the start", ["reason", .number("connections")],
            report.tlsFailures.map { Markup.Row(cells: [$0.reason, DayChart.text($0.count)]) })
        denied(&page)
    }

    // MARK: Answers

    private func upstreams(_ page: inout Markup) {
        page.table(
            "Ticket systems",
            ["address", "state", "since", .number("connections"), .number("good answers"), .number("median"), .number("95 % within")],
            report.upstreams.map { upstream in
                let state = upstream.isUp.map { $0 ? "up" : "down" }
                let failure = upstream.failure.map { ": \($0)" } ?? ""
                let most = upstream.connectionsMax.map { " of \(DayChart.text($0))" } ?? ""
                return Markup.Row(
                    cells: [
                        upstream.url, state.map { $0 + failure }, upstream.since.map { "\($0.text), \(since($0))" },
                        upstream.openConnections.map { DayChart.text($0) + most },
                    ] + Self.cells(upstream.answers), isBad: !(upstream.isUp ?? true))
            })
    }

    private func answers(_ page: inout Markup) {
        page.table(
            "Answers since the start, by label",
            ["source", .number("requests"), .number("good answers"), .number("median"), .number("95 % within"), "silent since"],
            report.answers.prefix(Self.sourcesMax).map { answers in
                Markup.Row(
                    cells: [answers.name, DayChart.text(answers.succeeded &+ answers.failed)] + Self.cells(answers)
                        + [answers.lastAt.map { "\($0.text), \(since($0))" }])
            })
    }

    private static func cells(_ answers: StatusReport.Answers?) -> [String?] {
        [
            answers?.successText, answers?.median.map(StatusReport.Answers.text),
            answers?.percentile95.map(StatusReport.Answers.text),
        ]
    }

    // MARK: Sources

    private func sources(_ page: inout Markup) {
        page.table(
            "Sources",
            ["address", "label", "last seen", .number("open"), .number("admitted"), .number("requests"), "ends", "from"],
            report.sources.prefix(Self.sourcesMax).map { source in
                Markup.Row(cells: [
                    source.address, source.label, source.lastSeenAt.map(since) ?? "never",
                    source.openConnections.map { DayChart.text($0) }, source.admittedCount.map { DayChart.text($0) },
                    source.requestCount.map { DayChart.text($0) }, source.until.map { TimeText.until($0, from: now) }, source.origin,
                ])
            })
        let rest = observation.sourceCount - min(report.sources.count, Self.sourcesMax)
        guard rest > 0 else { return }
        page.tag("<p>and ")
        page.put("\(rest)")
        page.tag(" more, which <code>gatekeeperd status</code> shows</p>\n")
    }

    // MARK: Denials

    private func denied(_ page: inout Markup) {
        guard let denials else { return }
        var rows = denials.sources.map { row($0.address.description, $0.denials, $0.words) }
        rows += denials.networks.map { row($0.name, $0.denials, nil) }
        if let others = denials.others { rows.append(row("others", others.denials, nil)) }
        page.table("Denied within a day", ["address", .number("times"), "reasons", "first", "last", "label"], rows)
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

    private func row(_ name: String, _ denials: DenialReport.Denials, _ label: String?) -> Markup.Row {
        Markup.Row(cells: [
            name, DayChart.text(denials.count), denials.reasons.map(\.word).joined(separator: ", "), since(denials.first),
            since(denials.last), label,
        ])
    }
}
