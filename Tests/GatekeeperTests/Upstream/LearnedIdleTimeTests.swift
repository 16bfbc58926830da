import Testing

@testable import Gatekeeper

/// How long kept connections may lie idle.
struct LearnedIdleTimeTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 1_000_000_000).advanced(byMilliseconds: milliseconds) }

    @Test("who closes them after a second has them kept for three quarters of that")
    func learns() {
        var time = LearnedIdleTime(settingMilliseconds: 60_000)
        #expect(time.milliseconds == 60_000 && time.forgetAt == .distantFuture)
        time.learn(1_000, now: at(0))
        #expect(time.milliseconds == 750)
        time.learn(2_000, now: at(0))
        #expect(time.milliseconds == 750, "an older one proves nothing")
        time.learn(1, now: at(0))
        #expect(time.milliseconds == 100, "that was a restart")
    }

    @Test("what was learned is doubled each minute without another closing, up to the setting")
    func forgets() {
        var time = LearnedIdleTime(settingMilliseconds: 4_000)
        time.learn(2_000, now: at(0))
        time.forget(now: at(59_999))
        #expect(time.milliseconds == 1_500)
        time.forget(now: at(60_000))
        #expect(time.milliseconds == 3_000 && time.forgetAt == at(120_000))
        time.forget(now: at(120_000))
        #expect(time.milliseconds == 4_000 && time.forgetAt == .distantFuture)
    }
}
