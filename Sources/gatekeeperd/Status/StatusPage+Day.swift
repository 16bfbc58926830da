internal import Gatekeeper

/// The last 24 hours, and who knocks now.
extension StatusPage {
    private static let recentMax = 20
    private static let minutesAnHour = 60

    func day(_ page: inout Markup) {
        guard !report.day.isEmpty else { return knocking(&page) }
        page.tag("<section>\n")
        page.heading("The last 24 hours")
        page.tag("<div class=\"charts\">\n")
        for series in MinuteCounts.Series.allCases { DayChart(report.day, series).write(to: &page, at: now, in: zone) }
        page.tag("</div>\n<details>\n<summary>By the hour</summary>\n")
        hours(&page)
        page.tag("</details>\n</section>\n")
        knocking(&page)
    }

    /// The latest first.
    private func hours(_ page: inout Markup) {
        let hours = DaySpans(report.day, minutes: Self.minutesAnHour).spans.reversed().enumerated()
        page.table(
            ["hour up to", .number("denied"), .number("requests"), .number("errors"), .number("refused")],
            hours.map { index, counts in
                let end = now.advanced(byMilliseconds: -Int64(index) * 3_600_000)
                return Markup.Row(
                    cells: [zone.bothTexts(end, now: now)]
                        + MinuteCounts.Series.allCases.map { series in counts.map { DayChart.text($0[series]) } })
            })
    }

    private func knocking(_ page: inout Markup) {
        guard !report.recentDenials.isEmpty else { return }
        page.tag("<section>\n")
        page.heading("Turned away in the last 10 minutes")
        page.table(
            ["address", .number("times"), "last", "reasons", "listed as"],
            report.recentDenials.prefix(Self.recentMax).map { source in
                Markup.Row(cells: [
                    source.address.description, DayChart.text(source.count), since(source.lastAt), source.reasons.joined(separator: ", "),
                    source.listedAs ?? "not listed",
                ])
            })
        let rest = report.recentDenials.count - Self.recentMax
        if rest > 0 {
            page.tag("<p>and ")
            page.put(Quantity.counted(rest, "other address", plural: "other addresses"))
            page.tag("</p>\n")
        }
        page.tag("</section>\n")
    }

    /// How long ago, with the time of day on the clocks around the machine where they don't show UTC.
    func since(_ time: WallTime) -> String {
        TimeText.since(time, until: now) + (zone.text(time, now: now).map { " (\($0))" } ?? "")
    }
}
