import Testing

@testable import gatekeeperd

@Suite("Moments in a configuration")
struct CalendarTimeTests {
    @Test(
        "RFC 3339 is read, with Z or an offset",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-12-31T23:59:59Z", 1_798_761_599), ("2026-12-31t23:59:59.75z", 1_798_761_599),
            ("2027-01-01T00:59:59+01:00", 1_798_761_599), ("2026-12-31T20:29:59-03:30", 1_798_761_599),
            ("2000-02-29T12:00:00Z", 951_825_600), ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] as [(String, Int64)])
    func read(text: String, seconds: Int64) throws {
        #expect(try CalendarTime.unixSeconds(text) == seconds)
    }

    @Test(
        "anything else is refused with what is wrong",
        arguments: [
            ("soon", "not a date and time"), ("2026-12-31", "has no time"), ("2026-12-31T23:59:59", "no time zone"),
            ("2026-12-31 23:59:59Z", "no whole time"), ("2026-12-31T23:59Z", "no whole time"), ("2026-13-01T00:00:00Z", "no such month"),
            ("2026-02-29T00:00:00Z", "no day 29"), ("2100-02-29T00:00:00Z", "no day 29"), ("2026-12-31T24:00:00Z", "no such time"),
            ("2026-12-31T23:59:60Z", "no such time"), ("2026-12-31T23:59:59.Z", "no whole time"),
            ("2026-12-31T23:59:59+0100", "does not end with"), ("2026-12-31T23:59:59ZZ", "does not end with"),
            ("1969-12-31T23:59:59Z", "before 1970"), ("", "not a date and time"),
        ])
    func refused(text: String, part: String) {
        #expect {
            try CalendarTime.unixSeconds(text)
        } throws: {
            ($0 as? ValueMistake)?.message.contains(part) == true
        }
    }

    @Test("agrees with the service's own writing of moments")
    func roundTrip() throws {
        for day in stride(from: Int64(0), to: 80_000, by: 13) {
            let seconds = day * 86_400 + day % 86_400
            #expect(try CalendarTime.unixSeconds(WallTime(milliseconds: seconds * 1000).text) == seconds)
        }
    }
}
