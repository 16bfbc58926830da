import Testing

@testable import gatekeeperd

@Suite("Times of day")
struct TimeOfDayTests {
    private func moment(_ text: String) throws -> WallTime { WallTime(milliseconds: try CalendarTime.unixSeconds(text) * 1000) }

    @Test("what is a time is one, and what isn't is refused")
    func parsing() throws {
        #expect(try TimeOfDay("07:00").text == "07:00" && TimeOfDay("7:05").text == "07:05" && TimeOfDay("23:59").minutes == 1_439)
        for text in ["", "7", "24:00", "07:60", "07:0", "-1:00", "07:00:00", "o7:00", "+7:00"] {
            #expect(throws: ValueMistake.self, "\(text)") { try TimeOfDay(text) }
        }
    }

    @Test("the next one is the next that clocks show, over both changes of the clocks")
    func next() throws {
        let time = try TimeOfDay("07:00")
        let (spring, autumn) = (try moment("2026-03-29T01:00:00Z"), try moment("2026-10-25T01:00:00Z"))
        let berlin = LocalZone { time in (time >= spring && time < autumn ? 7_200 : 3_600, "") }
        func next(_ text: String) throws -> String { time.next(after: try moment(text), in: berlin).text }
        #expect(try next("2026-01-05T05:59:59Z") == "2026-01-05T06:00:00Z" && next("2026-01-05T06:00:00Z") == "2026-01-06T06:00:00Z")
        #expect(try next("2026-03-28T12:00:00Z") == "2026-03-29T05:00:00Z" && next("2026-10-24T12:00:00Z") == "2026-10-25T06:00:00Z")
        #expect(try next("2026-07-01T23:30:00Z") == "2026-07-02T05:00:00Z")
        // Between two and three o'clock nothing is shown on that day, and everything twice on the other.
        let gap = try TimeOfDay("02:30")
        #expect(gap.next(after: try moment("2026-03-28T23:00:00Z"), in: berlin) < (try moment("2026-03-29T03:00:00Z")))
        #expect(gap.next(after: try moment("2026-10-24T23:00:00Z"), in: berlin) > (try moment("2026-10-24T23:00:00Z")))
    }
}
