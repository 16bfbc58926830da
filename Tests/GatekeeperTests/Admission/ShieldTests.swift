import Testing

@testable import Gatekeeper

struct ShieldTests {
    private static let start = Instant(nanoseconds: 5_000_000_000)

    private func at(_ milliseconds: Int) -> Instant { Self.start.advanced(byMilliseconds: milliseconds) }

    private func counts(_ denied: UInt64, _ dropped: UInt64 = 0) -> Shield.Counts { Shield.Counts(denied: denied, dropped: dropped) }

    private func shield(above count: Int, perMilliseconds: Int = 1_000, forMilliseconds: Int = 4_000, denied: UInt64 = 0) -> Shield {
        var settings = Settings.Shield()
        settings.above = Rate(count: count, perMilliseconds: perMilliseconds)
        settings.forMilliseconds = forMilliseconds
        return Shield(settings, at: Self.start, counts(denied))
    }

    @Test("one denial more than the rate within its period raises it, and not one less")
    func edge() {
        var exact = shield(above: 100, denied: 7)
        #expect(exact.alarm == 108)
        #expect(exact.turn(at: at(500), counts(107)) == nil)
        #expect(!exact.isUp)
        #expect(exact.turn(at: at(1_000), counts(108)) == .raise(perSecond: 101))
        #expect(exact.isUp && exact.alarm == nil)
    }

    @Test("as many over a longer time don't, and the next period begins there")
    func slow() {
        var shield = shield(above: 100)
        #expect(shield.turn(at: at(1_010), counts(101)) == nil)
        #expect(shield.alarm == 202)
        #expect(shield.turn(at: at(2_021), counts(202)) == nil)
        #expect(shield.turn(at: at(3_000), counts(303)) == .raise(perSecond: 103))
    }

    @Test("who comes late to the alarm judges by the rate until then")
    func late() {
        var late = shield(above: 100)
        #expect(late.turn(at: at(10_000), counts(1_001)) == .raise(perSecond: 100))
        var tooLate = shield(above: 100)
        #expect(tooLate.turn(at: at(10_000), counts(1_000)) == nil)
    }

    @Test("a rate a minute counts over minutes")
    func minutes() {
        var shield = shield(above: 60, perMilliseconds: 60_000)
        #expect(shield.turn(at: at(59_999), counts(61)) == .raise(perSecond: 1))
    }

    @Test("it stays up while more than half the rate is dropped, and comes down when there was less for long enough")
    func lowering() {
        var shield = shield(above: 100)
        _ = shield.turn(at: at(10), counts(101))
        #expect(shield.deadline == at(1_010))
        #expect(shield.turn(at: at(1_010), counts(101, 51)) == nil)
        #expect(shield.turn(at: at(2_010), counts(101, 101)) == nil)
        #expect(shield.turn(at: at(3_010), counts(101, 151)) == nil)
        #expect(shield.turn(at: at(5_009), counts(101, 151)) == nil)
        #expect(shield.isUp)
        #expect(shield.dropped(counts(101, 151)) == 151)
        #expect(shield.turn(at: at(6_009), counts(101, 152)) == .lower(dropped: 152))
        #expect(!shield.isUp && shield.deadline == nil)
        #expect(shield.alarm == 202)
    }

    @Test("a flood that goes on keeps it up for however long")
    func goesOn() {
        var shield = shield(above: 100)
        _ = shield.turn(at: at(0), counts(101))
        for second in 1...100 { #expect(shield.turn(at: at(second * 1_000), counts(101, UInt64(second) * 51)) == nil) }
        #expect(shield.isUp)
    }

    @Test("strangers that a coarse filter lets through count as well")
    func coarse() {
        var shield = shield(above: 100)
        _ = shield.turn(at: at(0), counts(101))
        for second in 1...10 {
            let count = UInt64(second) * 30
            #expect(shield.turn(at: at(second * 1_000), counts(101 + count, count)) == nil)
        }
    }

    @Test("a look before its time decides nothing")
    func early() {
        var shield = shield(above: 100)
        _ = shield.turn(at: at(0), counts(101))
        let before = shield
        #expect(shield.turn(at: at(1), counts(101, 1)) == nil)
        #expect(shield == before)
    }

    @Test("after it came down a flood raises it again")
    func again() {
        var shield = shield(above: 100, forMilliseconds: 1_000)
        _ = shield.turn(at: at(0), counts(101))
        #expect(shield.deadline == at(250))
        #expect(shield.turn(at: at(1_000), counts(101, 9)) == .lower(dropped: 9))
        #expect(shield.turn(at: at(1_100), counts(202, 9)) == .raise(perSecond: 1_010))
        #expect(shield.turn(at: at(2_100), counts(202, 12)) == .lower(dropped: 3))
    }

    @Test("numbers at the end of their range neither trap nor lie")
    func extremes() {
        var shield = shield(above: 1_000_000, perMilliseconds: 60_000)
        #expect(shield.turn(at: Self.start, counts(.max)) == .raise(perSecond: .max))
        #expect(shield.turn(at: .distantFuture, counts(.max, .max)) == .lower(dropped: .max))
    }
}
