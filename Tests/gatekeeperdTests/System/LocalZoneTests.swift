import Testing

@testable import gatekeeperd

struct LocalZoneTests {
    private let berlin = LocalZone { $0 < GrantScene.start.advanced(byMilliseconds: 86_400_000) ? (3_600, "CET") : (7_200, "CEST") }
    private let now = GrantScene.start

    @Test("local time stands beside UTC, with its day where that is another")
    func texts() {
        #expect(berlin.text(now, now: now) == "09:00 CET")
        #expect(berlin.bothTexts(now, now: now) == "2027-01-15T08:00:00Z (09:00 CET)")
        #expect(berlin.text(now.advanced(byMilliseconds: -10 * 3_600_000), now: now) == "2027-01-14 23:00 CET")
        #expect(berlin.text(now.advanced(byMilliseconds: 3 * 86_400_000), now: now) == "2027-01-18 10:00 CEST")
    }

    @Test("where clocks show UTC it is told once")
    func universal() {
        #expect(LocalZone.utc.text(now, now: now) == nil)
        #expect(LocalZone.utc.bothTexts(now, now: now) == now.text)
    }

    @Test("the machine's zone is one that there is")
    func system() {
        let (seconds, name) = LocalZone.system.offset(now)
        #expect((-14 * 3_600...14 * 3_600).contains(seconds))
        #expect(!name.isEmpty)
    }
}
