import Testing

@testable import Gatekeeper

/// The rules of being down, with the clock as a parameter.
struct UpstreamHealthTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 1_000_000_000).advanced(byMilliseconds: milliseconds) }

    private func down(isChecked: Bool = false) -> UpstreamHealth {
        let health = UpstreamHealth(isChecked: isChecked)
        for _ in 1...3 {
            _ = isChecked ? health.noteSilence(now: at(0), isPrompted: false, jitter: 1) : health.noteFailure(now: at(0), jitter: 1)
        }
        return health
    }

    @Test("three failures in a row, and it is down; a success between, and it isn't")
    func consecutive() {
        let health = UpstreamHealth(isChecked: false)
        #expect(health.noteFailure(now: at(0)) == nil)
        #expect(health.noteFailure(now: at(0)) == nil)
        #expect(health.noteSuccess() == nil)
        #expect(health.noteFailure(now: at(0)) == nil)
        #expect(health.noteFailure(now: at(0)) == nil)
        #expect(health.mayTry(now: at(0)))
        #expect(health.noteFailure(now: at(0)) == .down)
        #expect(health.noteFailure(now: at(0)) == nil)
        #expect(!health.mayTry(now: at(0)))
        #expect(health.noteSuccess() == .up)
        #expect(health.noteSuccess() == nil)
        #expect(health.mayTry(now: at(0)))
    }

    @Test("after the back-off one request may try, and no second one beside it")
    func retry() {
        let health = down()
        #expect(!health.mayTry(now: at(999)))
        #expect(health.mayTry(now: at(1000)))
        #expect(!health.mayTry(now: at(1000)))
        #expect(!health.mayTry(now: at(2999)))
        // It was never heard of again: another may.
        #expect(health.mayTry(now: at(3000)))
    }

    @Test("whether a request would be tried can be asked without taking its turn")
    func wouldTry() {
        let health = down()
        #expect(!health.wouldTry(now: at(999)))
        #expect(health.wouldTry(now: at(1000)))
        #expect(health.wouldTry(now: at(1000)))
        #expect(health.mayTry(now: at(1000)))
        #expect(!health.wouldTry(now: at(1000)))
        #expect(UpstreamHealth(isChecked: true).wouldTry(now: at(0)))
        #expect(!down(isChecked: true).wouldTry(now: at(1_000_000)))
    }

    @Test("each retry that fails doubles the back-off, up to half a minute; a success begins anew")
    func backOff() {
        let health = down()
        var now = 0
        for backOff in [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            #expect(!health.mayTry(now: at(now + backOff - 1)), "\(backOff)")
            #expect(health.mayTry(now: at(now + backOff)), "\(backOff)")
            now += backOff
            _ = health.noteFailure(now: at(now), jitter: 1)
        }
        _ = health.noteSuccess()
        for _ in 1...3 { _ = health.noteFailure(now: at(now), jitter: 1) }
        #expect(health.mayTry(now: at(now + 1000)))
    }

    @Test("the back-off is spread over half of its length", arguments: [0.75, 1.25])
    func jitter(_ jitter: Double) {
        let health = UpstreamHealth(isChecked: false)
        for _ in 1...3 { _ = health.noteFailure(now: at(0), jitter: jitter) }
        #expect(!health.mayTry(now: at(Int(1000 * jitter) - 1)))
        #expect(health.mayTry(now: at(Int(1000 * jitter))))
    }

    @Test("the spread is drawn anew each time, after a request and after a check, and stays within its bounds")
    func drawn() {
        for isChecked in [false, true] {
            let ends = (1...200).map { _ in
                let health = UpstreamHealth(isChecked: isChecked)
                for _ in 1...3 { _ = isChecked ? health.noteSilence(now: at(0), isPrompted: false) : health.noteFailure(now: at(0)) }
                return health.retryInstant
            }
            #expect(ends.allSatisfy { $0 >= at(750) && $0 <= at(1250) })
            // Draws that all lie in one half are as rare as coins that fall on one side two hundred times.
            #expect(ends.contains { $0 < at(1000) } && ends.contains { $0 >= at(1000) })
        }
    }

    @Test("with active checks requests never try what is down")
    func checked() {
        let health = down(isChecked: true)
        #expect(!health.mayTry(now: at(1_000_000)))
        #expect(health.noteSuccess() == .up)
        #expect(health.mayTry(now: at(1_000_000)))
    }

    @Test(
        "three slow reports take nothing out that answers its checks, or that nobody stands in for",
        arguments: [(true, false), (false, true)])
    func requestsAlone(isChecked: Bool, isSole: Bool) {
        let health = UpstreamHealth(isChecked: isChecked, isSole: isSole)
        for _ in 1...10 { #expect(health.noteFailure(now: at(0)) == nil) }
        #expect(health.isUp)
        #expect(health.mayTry(now: at(0)))
    }

    @Test("a failed request and a check that fails too are enough; checks alone have to be three in a row")
    func checksToo() {
        let prompted = UpstreamHealth(isChecked: true, isSole: true)
        #expect(prompted.noteFailure(now: at(0)) == nil)
        #expect(prompted.noteSilence(now: at(0), isPrompted: true) == .down)
        let regular = UpstreamHealth(isChecked: true, isSole: true)
        #expect(regular.noteSilence(now: at(0), isPrompted: false) == nil)
        #expect(regular.noteSilence(now: at(0), isPrompted: false) == nil)
        #expect(regular.noteSuccess() == nil)
        #expect(regular.noteSilence(now: at(0), isPrompted: false) == nil)
        #expect(regular.noteSilence(now: at(0), isPrompted: false) == nil)
        #expect(regular.noteSilence(now: at(0), isPrompted: false) == .down)
    }

    @Test("one asks at a time, and not again at once")
    func asking() {
        let health = UpstreamHealth(isChecked: false)
        #expect(health.mayAsk(now: at(0)))
        #expect(!health.mayAsk(now: at(60_000)))
        health.noteAsked(now: at(60_000))
        #expect(!health.mayAsk(now: at(60_199)))
        #expect(health.mayAsk(now: at(60_200)))
    }

    @Test("an answer and a silence at the same moment, with two workers, leave nothing that another answer doesn't mend")
    func concurrent() async {
        for _ in 1...2_000 {
            let health = UpstreamHealth(isChecked: true, isSole: true)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = health.noteSilence(now: at(0), isPrompted: true) }
                group.addTask { _ = health.noteSuccess() }
            }
            _ = health.noteSuccess()
            guard health.isUp else {
                Issue.record("it is down for ever")
                return
            }
        }
    }
}
