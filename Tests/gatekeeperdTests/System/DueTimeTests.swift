import Gatekeeper
import Testing

@testable import gatekeeperd

struct DueTimeTests {
    private let now = Moment(instant: Instant(nanoseconds: 5_000_000_000), wallTime: WallTime(milliseconds: 1_000_000))

    @Test("an instant is waited for to its end, rounded up to whole milliseconds")
    func instants() {
        let due = DueTime.instant(Instant(nanoseconds: 5_001_000_001))
        #expect(due.milliseconds(from: now) == 2 && !due.isDue(at: now))
        #expect(DueTime.instant(now.instant).milliseconds(from: now) == 0 && DueTime.instant(now.instant).isDue(at: now))
        #expect(DueTime.instant(Instant(nanoseconds: 0)).milliseconds(from: now) == 0)
    }

    @Test("a calendar that may be set is waited for ten seconds at most")
    func calendar() {
        #expect(DueTime.calendar(WallTime(milliseconds: 1_000_250)).milliseconds(from: now) == 250)
        #expect(DueTime.calendar(WallTime(milliseconds: 9_000_000)).milliseconds(from: now) == 10_000)
        #expect(DueTime.calendar(WallTime(milliseconds: 0)).milliseconds(from: now) == 0)
        #expect(DueTime.calendar(WallTime(milliseconds: 1_000_000)).isDue(at: now))
    }
}
