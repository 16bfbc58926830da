/// One series of the last 24 hours as bars, drawn by us: inline SVG, with the same in words for whoever doesn't see it.
///
/// As many bars whatever happened, so that a page is bounded; the height of the highest is that of the chart.
struct DayChart {
    private let spans: DaySpans
    private let series: MinuteCounts.Series

    private static let spanMinutes = 10
    private static let barWidth = 4
    private static let height = 80

    /// - Parameter day: each minute, the oldest first.
    init(_ day: [MinuteCounts?], _ series: MinuteCounts.Series) {
        spans = DaySpans(day, minutes: Self.spanMinutes)
        self.series = series
    }

    /// Nil where nothing is known.
    private var counts: [UInt64?] { spans.spans.map { $0.map { UInt64($0[series]) } } }

    // MARK: Drawing

    func write(to page: inout Markup, at now: WallTime, in zone: LocalZone) {
        let words = words(at: now, in: zone)
        page.tag("<figure class=\"chart\">\n<figcaption><strong>")
        page.tag(title)
        page.tag("</strong> ")
        page.put(words.sum)
        page.tag("</figcaption>\n<svg role=\"img\" aria-labelledby=\"")
        page.tag(identifier)
        page.tag("-title ")
        page.tag(identifier)
        page.tag("-text\" viewBox=\"0 0 576 80\" preserveAspectRatio=\"none\">\n<title id=\"")
        page.tag(identifier)
        page.tag("-title\">")
        page.tag(title)
        page.tag("</title>\n<desc id=\"")
        page.tag(identifier)
        page.tag("-text\">")
        page.put("\(words.sum). \(words.course)")
        page.tag("</desc>\n<path class=\"unknown\" d=\"")
        page.put(gaps)
        page.tag("\"/>\n<path class=\"bars\" d=\"")
        page.put(bars)
        page.tag("\"/>\n</svg>\n<p class=\"axis\" aria-hidden=\"true\"><span>−24 h</span><span>−18 h</span><span>−12 h</span>")
        page.tag("<span>−6 h</span><span>now</span></p>\n<p class=\"course\">")
        page.put(words.course)
        page.tag("</p>\n</figure>\n")
    }

    /// One for each span in which something happened. Of what is little beside the highest a trace is left.
    var bars: String {
        let counts = counts
        guard let highest = counts.compactMap(\.self).max(), highest > 0 else { return "" }
        var path = ""
        for (index, count) in counts.enumerated() {
            guard let count, count > 0 else { continue }
            let height = max(1, Int((Double(count) / Double(highest) * Double(Self.height)).rounded()))
            path += "M\(index * Self.barWidth) \(Self.height)v-\(height)h3v\(height)z"
        }
        return path
    }

    /// Spans of which nothing is known, those side by side as one.
    var gaps: String {
        var path = ""
        var start: Int?
        for (index, count) in (counts + [0]).enumerated() {
            if count == nil {
                start = start ?? index
            } else if let first = start {
                path += "M\(first * Self.barWidth) 0h\((index - first) * Self.barWidth)v\(Self.height)h-\((index - first) * Self.barWidth)z"
                start = nil
            }
        }
        return path
    }

    // MARK: Words

    private var title: StaticString {
        switch series {
        case .denied: "Connections denied"
        case .requests: "Requests of admitted clients"
        case .errors: "Errors: answers 5xx"
        case .refused: "Requests refused"
        }
    }

    private var identifier: StaticString {
        switch series {
        case .denied: "chart-denied"
        case .requests: "chart-requests"
        case .errors: "chart-errors"
        case .refused: "chart-refused"
        }
    }

    /// What the bars show.
    func words(at now: WallTime, in zone: LocalZone) -> (sum: String, course: String) {
        let counts = counts
        let known = counts.compactMap(\.self)
        guard !known.isEmpty else { return ("unknown", "Nothing was counted yet.") }
        let sum = Self.text(known.reduce(0, &+))
        let hour = counts.suffix(60 / Self.spanMinutes).reduce(0) { $0 &+ ($1 ?? 0) }
        var course = "In the last hour \(Self.text(hour))."
        if let highest = known.max(), highest > 0, let index = counts.lastIndex(of: highest) {
            let end = now.advanced(byMilliseconds: -Int64((counts.count - 1 - index) * Self.spanMinutes * 60_000))
            let start = end.advanced(byMilliseconds: -Int64(Self.spanMinutes * 60_000))
            let beside = zone.text(end, now: now).map { ", to \($0)" } ?? ""
            course += " Most in 10 minutes: \(Self.text(highest)), \(Self.clock(start)) to \(Self.clock(end)) UTC\(beside)."
        }
        let unknown = counts.count - known.count
        if unknown > 0 {
            let duration = TimeText.duration(milliseconds: Int64(unknown * Self.spanMinutes) * 60_000)
            course += " Nothing is known of \(duration)."
        }
        return ("\(sum) in 24 hours", course)
    }

    private static func clock(_ time: WallTime) -> String { String(time.text.dropFirst(11).prefix(5)) }

    /// `12 345`: digits by threes, with spaces that don't break.
    static func text(_ count: some BinaryInteger) -> String {
        var text = ""
        let digits = String(count)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "\u{202f}" }
            text.append(digit)
        }
        return text
    }
}
