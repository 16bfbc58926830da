import Testing

@testable import Gatekeeper

struct RateFloorTests {
    private static let timeout = 10_000
    private static func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 0).advanced(byMilliseconds: milliseconds) }

    private func rateFloor(_ bytesPerSecondMin: Int) -> RateFloor {
        RateFloor(timeoutMilliseconds: Self.timeout, bytesPerSecondMin: bytesPerSecondMin, now: Self.at(0))
    }

    @Test("bytes that drip don't move the deadline")
    func drip() {
        var rateFloor = rateFloor(100)
        for second in 1...9 { rateFloor.note(99, now: Self.at(second * 1000)) }
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(10_000))
    }

    @Test("the quota moved in time begins another window")
    func quota() {
        var rateFloor = rateFloor(100)
        rateFloor.note(999, now: Self.at(4000))
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(10_000))
        rateFloor.note(1, now: Self.at(5000))
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(15_000))
        rateFloor.note(999, now: Self.at(14_000))
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(15_000))
    }

    @Test("time spent waiting for somebody else doesn't count")
    func excuse() {
        var rateFloor = rateFloor(100)
        rateFloor.note(500, now: Self.at(5000))
        rateFloor.restart(now: Self.at(9000))
        rateFloor.note(999, now: Self.at(9500))
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(19_000))
    }

    @Test("a rate of 0 asks for one byte, and no byte is none")
    func idle() {
        var rateFloor = rateFloor(0)
        rateFloor.note(0, now: Self.at(3000))
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(10_000))
        rateFloor.note(1, now: Self.at(4000))
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(14_000))
    }

    @Test("a rate beyond all numbers is still a rate")
    func overflow() {
        var rateFloor = rateFloor(.max)
        rateFloor.note(.max / 2, now: Self.at(1000))
        #expect(rateFloor.deadline(timeoutMilliseconds: Self.timeout) == Self.at(10_000))
    }
}
