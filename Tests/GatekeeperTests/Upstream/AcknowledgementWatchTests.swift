import Testing

@testable import Gatekeeper

/// Dead or slow, with the kernel's word as a parameter.
struct AcknowledgementWatchTests {
    private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 1_000_000_000_000).advanced(byMilliseconds: milliseconds) }

    /// When it says that nobody is there, asked every second; nil if it doesn't within a minute.
    private func verdict(isDown: Bool = false, _ state: (Int) -> TransmissionState?) -> Int? {
        var watch = AcknowledgementWatch(timeoutMilliseconds: 8_000, now: at(0))
        for second in 1...60 {
            #expect(watch.next == at(second * 1_000))
            if watch.isGone(state(second), isDown: isDown, now: at(second * 1_000)) { return second }
        }
        return nil
    }

    @Test("who acknowledges nothing for eight seconds is gone, whether its last word was long ago or just before")
    func gone() {
        #expect(verdict { TransmissionState(unacknowledged: 1, silentMilliseconds: UInt32($0 * 1_000 + 50_000)) } == 8)
        #expect(verdict { TransmissionState(unacknowledged: 1, silentMilliseconds: UInt32($0 * 1_000 - 4)) } == 8)
    }

    @Test("where nothing can be sent the kernel asks whether it can by now, and that is no answer either")
    func unsent() {
        #expect(verdict { TransmissionState(probes: UInt8($0), silentMilliseconds: UInt32($0 * 1_000)) } == 8)
        #expect(verdict(isDown: true) { TransmissionState(probes: UInt8($0), silentMilliseconds: UInt32($0 * 1_000)) } == 1)
        // It may not have begun to ask.
        let early = { (second: Int) in
            TransmissionState(probes: UInt8(second - 1), silentMilliseconds: UInt32(second * 1_000), isHeldBack: true)
        }
        #expect(verdict(early) == 8)
        #expect(verdict(isDown: true, early) == 1)
    }

    @Test("who has no room and says so whenever the kernel asks is there, be it asked just now, after ten seconds")
    func full() {
        let silences = { (second: Int) in UInt32((second - 1) % 10 + 1) * 1_000 }
        #expect(verdict { TransmissionState(probes: $0 % 10 == 0 ? 1 : 0, silentMilliseconds: silences($0)) } == nil)
    }

    @Test("who has acknowledged everything may think for as long as it likes, as may who isn't spoken with by TCP")
    func slow() {
        #expect(verdict { TransmissionState(unacknowledged: 0, silentMilliseconds: UInt32($0 * 1_000)) } == nil)
        #expect(verdict { _ in nil } == nil)
    }

    @Test("who acknowledges now and then is there, as is whom something was just sent after a long pause")
    func alive() {
        #expect(verdict { TransmissionState(unacknowledged: 3, silentMilliseconds: UInt32($0 % 7 * 1_000)) } == nil)
        #expect(verdict { TransmissionState(unacknowledged: $0 % 10 == 0 ? 1 : 0, silentMilliseconds: UInt32($0 * 1_000)) } == nil)
    }

    @Test("who stops in the middle has eight seconds from there")
    func stops() {
        #expect(verdict { TransmissionState(unacknowledged: 2, silentMilliseconds: $0 < 20 ? 30 : UInt32(($0 - 20) * 1_000 + 30)) } == 28)
    }

    @Test("of one that is known to be down nobody waits who hasn't had a word")
    func down() {
        #expect(verdict(isDown: true) { TransmissionState(unacknowledged: 1, silentMilliseconds: UInt32($0 * 1_000)) } == 1)
        #expect(verdict(isDown: true) { TransmissionState(unacknowledged: 0, silentMilliseconds: UInt32($0 * 1_000)) } == nil)
    }
}
