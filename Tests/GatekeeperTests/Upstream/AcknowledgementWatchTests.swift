import Testing

@testable import Gatekeeper

/// Dead or slow, with the kernel's word as a parameter.
struct AcknowledgementWatchTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 1_000_000_000_000).advanced(byMilliseconds: milliseconds) }

    private typealias State = AcknowledgementWatch.State

    /// When it says that nobody is there, asked every second; nil if it doesn't within a minute.
    private func verdict(isDown: Bool = false, _ state: (Int) -> State?) -> Int? {
        var watch = AcknowledgementWatch(timeoutMilliseconds: 8_000, now: at(0))
        for second in 1...60 {
            #expect(watch.next == at(second * 1_000))
            if watch.isGone(state(second), isDown: isDown, now: at(second * 1_000)) { return second }
        }
        return nil
    }

    @Test("who acknowledges nothing for eight seconds is gone, whether its last word was long ago or just before")
    func gone() {
        #expect(verdict { State(unacknowledged: 1, silenceMilliseconds: UInt64($0 * 1_000 + 50_000)) } == 8)
        #expect(verdict { State(unacknowledged: 1, silenceMilliseconds: UInt64($0 * 1_000 - 4)) } == 8)
    }

    @Test("who has acknowledged everything may think for as long as it likes, as may who isn't spoken with by TCP")
    func slow() {
        #expect(verdict { State(unacknowledged: 0, silenceMilliseconds: UInt64($0 * 1_000)) } == nil)
        #expect(verdict { _ in nil } == nil)
    }

    @Test("who acknowledges now and then is there, as is whom something was just sent after a long pause")
    func alive() {
        #expect(verdict { State(unacknowledged: 3, silenceMilliseconds: UInt64($0 % 7 * 1_000)) } == nil)
        #expect(verdict { State(unacknowledged: $0 % 10 == 0 ? 1 : 0, silenceMilliseconds: UInt64($0 * 1_000)) } == nil)
    }

    @Test("who stops in the middle has eight seconds from there")
    func stops() {
        #expect(verdict { State(unacknowledged: 2, silenceMilliseconds: $0 < 20 ? 30 : UInt64(($0 - 20) * 1_000 + 30)) } == 28)
    }

    @Test("of one that is known to be down nobody waits who hasn't had a word")
    func down() {
        #expect(verdict(isDown: true) { State(unacknowledged: 1, silenceMilliseconds: UInt64($0 * 1_000)) } == 1)
        #expect(verdict(isDown: true) { State(unacknowledged: 0, silenceMilliseconds: UInt64($0 * 1_000)) } == nil)
    }
}
