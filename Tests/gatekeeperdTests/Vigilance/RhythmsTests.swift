import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Rhythms")
struct RhythmsTests {
    /// A Thursday, midnight.
    private let start = VendorTrace.start + 4 * 7 * 24

    /// Hours of a vendor that comes from 8 to 17, Monday to Friday.
    private func isWork(_ hour: Int64) -> Bool { (8..<17).contains(hour % 24) && ![2, 3].contains(hour / 24 % 7) }

    /// - Parameter comes: whether the vendor comes in an hour.
    private func pass(
        _ hours: Range<Int64>, _ rhythms: inout Rhythms, strangers: Bool = true, seconds: Int64 = 3_600, label: String = "Vendor",
        comes: (Int64) -> Bool
    ) {
        for hour in hours {
            rhythms.follow(hour)
            rhythms.run(milliseconds: seconds * 1000)
            if strangers { rhythms.hearStrangers() }
            if comes(hour) { rhythms.count(5, of: label) }
        }
        rhythms.follow(hours.upperBound)
    }

    private func judgement(_ rhythms: Rhythms, _ label: String = "Vendor") -> Rhythm.Judgement? { rhythms.sources[label]?.judgement }

    private func accustomed(weeks: Int64 = 5) -> Rhythms {
        var rhythms = Rhythms()
        pass(start..<start + weeks * 168, &rhythms, comes: isWork)
        return rhythms
    }

    @Test("what was seen for less than two weeks has no habit, and what comes seldom is never missed")
    func young() {
        var rhythms = Rhythms()
        pass(start..<start + 13 * 24, &rhythms, comes: isWork)
        pass(start + 13 * 24..<start + 16 * 24, &rhythms) { _ in false }
        #expect(judgement(rhythms) == .usual)
        var monthly = Rhythms()
        pass(start..<start + 70 * 24, &monthly) { ($0 - start) % (30 * 24) == 4 }
        #expect(judgement(monthly) == .usual)
    }

    @Test("a weekend and a holiday are habit, two working days aren't")
    func days() {
        var rhythms = accustomed()
        let end = start + 5 * 168
        // Thursday is a holiday.
        pass(end..<end + 24, &rhythms) { _ in false }
        #expect(judgement(rhythms) == .doubtful)
        pass(end + 24..<end + 24 + 17, &rhythms, comes: isWork)
        #expect(judgement(rhythms) == .usual)
        // From Friday's end on nobody comes any more; at the end of Monday it could be a holiday again.
        pass(end + 24 + 17..<end + 4 * 24 + 17, &rhythms) { _ in false }
        #expect(judgement(rhythms) == .doubtful)
        pass(end + 4 * 24 + 17..<end + 5 * 24 + 17, &rhythms) { _ in false }
        #expect(judgement(rhythms) == .silent)
        #expect(rhythms.sources["Vendor"]?.absentSince == end + 24 + 17)
        #expect(rhythms.sources["Vendor"]?.usual.contains("pauses of up to 2d 15h") == true)
    }

    @Test("an hour in which the door didn't run, or nobody was heard where strangers always are, is none")
    func deaf() {
        for (strangers, seconds) in [(false, Int64(3_600)), (true, 1_800)] {
            var rhythms = accustomed()
            let end = start + 5 * 168
            // Three days, which is what a line's outage lasts at most before nobody believes in it.
            pass(end..<end + 71, &rhythms, strangers: strangers, seconds: seconds) { _ in false }
            #expect(judgement(rhythms) == .usual, "\(strangers) \(seconds)")
            pass(end + 71..<end + 15 * 24, &rhythms) { _ in false }
            #expect(judgement(rhythms) == .silent)
        }
    }

    @Test("behind a firewall one silent source is missed, and all at once are an outage, but not for ever")
    func quietDoor() {
        for (labels, days) in [(["a"], Int64(5)), (["a", "b"], 3), (["a", "b"], 6)] {
            var rhythms = Rhythms()
            for hour in start..<start + 5 * 168 + days * 24 {
                rhythms.follow(hour)
                rhythms.run(milliseconds: 3_600_000)
                for label in labels where isWork(hour) && hour < start + 5 * 168 { rhythms.count(1, of: label) }
            }
            rhythms.follow(start + 5 * 168 + days * 24)
            #expect(judgement(rhythms, "a") == (labels.count == 1 || days > 5 ? .silent : .usual), "\(labels) \(days)")
        }
    }

    @Test("whoever always knocked, and leaves off when the vendor does, hides that for three days and no longer")
    func accomplice() {
        var rhythms = accustomed()
        let end = start + 5 * 168
        pass(end..<end + 72, &rhythms, strangers: false) { _ in false }
        #expect(judgement(rhythms) == .usual)
        pass(end + 72..<end + 7 * 24, &rhythms, strangers: false) { _ in false }
        #expect(judgement(rhythms) == .silent)
    }

    @Test("a request ends the silence within the hour")
    func back() {
        var rhythms = accustomed()
        let end = start + 5 * 168
        pass(end..<end + 7 * 24, &rhythms) { _ in false }
        #expect(judgement(rhythms) == .silent)
        rhythms.count(1, of: "Vendor")
        #expect(judgement(rhythms) == .usual)
    }

    @Test("a calendar that is set forth and back costs the hours in between, and no more")
    func calendar() {
        var rhythms = accustomed()
        let end = start + 5 * 168
        rhythms.follow(end + 400)
        rhythms.follow(end)
        pass(end..<end + 7 * 24, &rhythms) { _ in false }
        #expect(judgement(rhythms) == .silent)
        rhythms.follow(end + 7 * 24 - 1)
        #expect(judgement(rhythms) == .silent, "an hour back is waited for")
    }

    @Test("what the ledger gives back is what was, the hour that goes on included")
    func restored() {
        var lived = Rhythms()
        var restored = Rhythms()
        let end = start + 3 * 168 + 10
        for hour in start..<end {
            let requests: [String: UInt64] = isWork(hour) ? ["Vendor": 5] : [:]
            lived.follow(hour)
            lived.run(milliseconds: 3_600_000)
            lived.hearStrangers()
            for (label, count) in requests { lived.count(count, of: label) }
            restored.restore(hour, runMilliseconds: 3_600_000, strangers: true, requests: requests)
        }
        #expect(lived == restored)
    }

    @Test("sources are bounded in number and in length, whatever they are called")
    func bounded() {
        var rhythms = Rhythms()
        rhythms.follow(start)
        for index in 0..<2_000 { rhythms.count(1, of: "source \(index)") }
        #expect(rhythms.sources.count == Rhythms.sourcesMax)
        var other = Rhythms()
        other.follow(start)
        let isFollowed = other.count(1, of: String(repeating: "x", count: 200))
        #expect(!isFollowed)
        other.count(1, of: "a")
        other.keep { $0 != "a" }
        #expect(other.sources.isEmpty)
    }

    @Test("Easter, Thanksgiving and the last week of the year are days of rest")
    func rest() {
        func extent(_ year: Int64, _ month: Int64, _ day: Int64) -> RestDays.Extent {
            RestDays.extent(of: CivilDate(year: year, month: month, day: day).daysSince1970)
        }
        #expect(extent(2026, 4, 3) == .somewhere && extent(2026, 4, 6) == .somewhere && extent(2026, 4, 5) == .nowhere)
        #expect(extent(2027, 3, 26) == .somewhere && extent(2038, 4, 23) == .somewhere && extent(2038, 4, 26) == .somewhere)
        #expect(extent(2026, 11, 26) == .somewhere && extent(2026, 11, 27) == .somewhere && extent(2026, 11, 19) == .nowhere)
        #expect(extent(2026, 12, 24) == .nearlyEverywhere && extent(2027, 1, 1) == .nearlyEverywhere && extent(2026, 12, 23) == .nowhere)
    }
}
