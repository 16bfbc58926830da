import Testing

@testable import Gatekeeper

struct DeliveryWatchTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private let timeout = 8_000

    private func at(_ milliseconds: Int) -> Instant { start.advanced(byMilliseconds: milliseconds) }

    @Test("looks a while after the first byte that isn't known to have arrived, however many follow it, and never while nothing was sent")
    func deadline() {
        var watch = DeliveryWatch()
        #expect(watch.deadline(timeoutMilliseconds: timeout) == .distantFuture)
        watch.note(sentBytes: 0, now: start)
        #expect(watch.deadline(timeoutMilliseconds: timeout) == .distantFuture)
        for second in 0...7 { watch.note(sentBytes: UInt64(100 + second), now: at(second * 1_000)) }
        #expect(watch.deadline(timeoutMilliseconds: timeout) == at(8_000))
        let state = TransmissionState(unacknowledged: 0, silentMilliseconds: 900)
        let isUnreachable = watch.isUnreachable(state, timeoutMilliseconds: timeout, now: at(8_000))
        #expect(!isUnreachable)
        #expect(watch.deadline(timeoutMilliseconds: timeout) == .distantFuture, "all has arrived")
        watch.note(sentBytes: 200, now: at(20_000))
        #expect(watch.deadline(timeoutMilliseconds: timeout) == at(28_000))
    }

    @Test(
        "unreachable is who says nothing while the kernel repeats itself; slow, full or quiet isn't",
        arguments: [
            (TransmissionState(unacknowledged: 3, retransmits: 5, silentMilliseconds: 8_000), true),
            (TransmissionState(unacknowledged: 0, probes: 2, silentMilliseconds: 8_100), true),
            (TransmissionState(unacknowledged: 3, retransmits: 5, silentMilliseconds: 7_900), false),
            // Sent this moment, after a pause.
            (TransmissionState(unacknowledged: 1, retransmits: 0, silentMilliseconds: 60_000), false),
            // No room for long, and answers; the last question has just left.
            (TransmissionState(unacknowledged: 0, probes: 1, silentMilliseconds: 60_000), false),
            (TransmissionState(unacknowledged: 0, probes: 0, silentMilliseconds: 60_000), false),
        ])
    func judging(state: TransmissionState, isUnreachable: Bool) {
        var watch = DeliveryWatch()
        watch.note(sentBytes: 1, now: start)
        let judged = watch.isUnreachable(state, timeoutMilliseconds: timeout, now: at(8_000))
        #expect(judged == isUnreachable)
    }

    @Test("what is still on its way is looked at again")
    func again() {
        var watch = DeliveryWatch()
        watch.note(sentBytes: 1, now: start)
        let state = TransmissionState(unacknowledged: 1, retransmits: 1, silentMilliseconds: 10)
        let first = watch.isUnreachable(state, timeoutMilliseconds: timeout, now: at(8_000))
        #expect(!first)
        #expect(watch.deadline(timeoutMilliseconds: timeout) == at(16_000))
        // Not a TCP socket.
        let second = watch.isUnreachable(nil, timeoutMilliseconds: timeout, now: at(16_000))
        #expect(!second)
    }
}
