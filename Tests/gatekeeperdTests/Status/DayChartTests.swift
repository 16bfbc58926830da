import Testing

@testable import gatekeeperd

@Suite("A chart of the day")
struct DayChartTests {
    private let now = GrantScene.start
    private static let minutes = MinuteHistory.minutesMax

    private func chart(_ day: [MinuteCounts?]) -> DayChart { DayChart(day, .denied) }

    private func svg(_ day: [MinuteCounts?], in zone: LocalZone = .utc) -> String {
        var page = Markup()
        chart(day).write(to: &page, at: now, in: zone)
        return page.text
    }

    private func day(_ counts: UInt32?) -> [MinuteCounts?] {
        Array(repeating: counts.map { MinuteCounts(denied: $0) }, count: Self.minutes)
    }

    /// The bars, as x and height.
    private func bars(_ path: String) -> [[Int]] {
        path.matches(of: #/M(\d+) 80v-(\d+)h3v(\d+)z/#).map { match in [match.1, match.2, match.3].compactMap { Int($0) } }
    }

    @Test("a day on which nothing happened has no bars and no gaps")
    func quiet() {
        #expect(chart(day(0)).bars.isEmpty)
        #expect(chart(day(0)).gaps.isEmpty)
        #expect(chart(day(0)).words(at: now, in: .utc) == ("0 in 24 hours", "In the last hour 0."))
    }

    @Test("of a day of which nothing is known that is said")
    func unknown() {
        #expect(chart(day(nil)).bars.isEmpty)
        #expect(chart(day(nil)).gaps == "M0 0h576v80h-576z")
        #expect(chart(day(nil)).words(at: now, in: .utc).sum == "unknown")
        #expect(!svg([]).isEmpty)
    }

    @Test("one spike is as high as the chart, told with its time, and the little beside it leaves a trace")
    func spike() {
        var day = day(0)
        day[Self.minutes - 65] = MinuteCounts(denied: 1_000_000)
        day[Self.minutes - 1] = MinuteCounts(denied: 1)
        #expect(bars(chart(day).bars) == [[137 * 4, 80, 80], [143 * 4, 1, 1]])
        let words = chart(day).words(at: now, in: LocalZone { _ in (3_600, "CET") })
        #expect(words.sum == "1\u{202f}000\u{202f}001 in 24 hours")
        #expect(words.course == "In the last hour 1. Most in 10 minutes: 1\u{202f}000\u{202f}000, 06:50 to 07:00 UTC, to 08:00 CET.")
    }

    @Test("a gap is a gap, and minutes that are known beside unknown ones are a bar")
    func gap() {
        var day = day(5)
        for minute in 20..<55 { day[minute] = nil }
        #expect(chart(day).gaps == "M8 0h12v80h-12z")
        #expect(bars(chart(day).bars).count == 141)
        #expect(bars(chart(day).bars)[2] == [20, 40, 40])
        #expect(chart(day).words(at: now, in: .utc).course.hasSuffix("Nothing is known of 30m."))
    }

    @Test("however much happens, a chart is bounded and stays in its frame", arguments: [1, 999, .max] as [UInt32])
    func bounded(count: UInt32) {
        var day = day(count)
        for minute in stride(from: 0, to: Self.minutes, by: 3) { day[minute] = MinuteCounts(denied: count / 7) }
        for minute in stride(from: 0, to: Self.minutes, by: 20) { for next in 0..<10 { day[minute + next] = nil } }
        #expect(svg(day).utf8.count < 6_000)
        #expect(bars(chart(day).bars).allSatisfy { $0[0] <= 573 && $0[1] <= 80 && $0[1] == $0[2] })
    }

    @Test("who doesn't see it is told the same in words")
    func alternative() {
        let svg = svg(day(2))
        #expect(svg.contains(#"role="img" aria-labelledby="chart-denied-title chart-denied-text""#))
        #expect(svg.contains("<title id=\"chart-denied-title\">Connections denied</title>"))
        #expect(svg.contains("<desc id=\"chart-denied-text\">2\u{202f}880 in 24 hours. In the last hour 120."))
    }
}
