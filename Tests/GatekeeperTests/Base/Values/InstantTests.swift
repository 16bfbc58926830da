import Testing

@testable import Gatekeeper

struct InstantTests {
    @Test("a timeout is added in milliseconds")
    func advance() {
        let instant = Instant(nanoseconds: 5).advanced(byMilliseconds: 3)
        #expect(instant.nanoseconds == 3_000_005)
        #expect(Instant(nanoseconds: 5).advanced(byMilliseconds: 0).nanoseconds == 5)
    }

    @Test("a timeout of centuries is the distant future, not an overflow")
    func saturation() {
        #expect(Instant(nanoseconds: 1).advanced(byMilliseconds: .max) == .distantFuture)
        #expect(Instant(nanoseconds: .max - 1).advanced(byMilliseconds: 1) == .distantFuture)
        #expect(Instant.distantFuture.advanced(byMilliseconds: 1) == .distantFuture)
        #expect(Instant.distantFuture.advanced(byMilliseconds: .max) == .distantFuture)
        let last = Instant(nanoseconds: .max - 1_000_001).advanced(byMilliseconds: 1)
        #expect(last.nanoseconds == UInt64.max - 1)
    }

    @Test("a negative timeout is none")
    func negative() {
        #expect(Instant(nanoseconds: 7).advanced(byMilliseconds: -1).nanoseconds == 7)
        #expect(Instant(nanoseconds: 7).advanced(byMilliseconds: .min).nanoseconds == 7)
    }

    @Test("the time since a later instant is nothing")
    func since() {
        let (early, late) = (Instant(nanoseconds: 10), Instant(nanoseconds: 25))
        #expect(late.nanoseconds(since: early) == 15)
        #expect(early.nanoseconds(since: late) == 0)
        #expect(early.nanoseconds(since: early) == 0)
        #expect(early < late)
        #expect(Instant.distantFuture.nanoseconds(since: Instant(nanoseconds: 0)) == .max)
    }
}
