import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The history by the minute")
struct MinuteHistoryTests {
    private let one = MinuteCounts(denied: 1, requests: 2, errors: 3, refused: 4)
    private let day = Int64(MinuteHistory.minutesMax)

    private func known(_ history: MinuteHistory, upTo minute: Int64) -> Int {
        history.day(upTo: minute).count { $0 != nil }
    }

    @Test("what has come between two looks belongs to the minute of the first, and adds up")
    func counting() {
        var history = MinuteHistory()
        #expect(known(history, upTo: 100) == 0)
        history.count(one, from: 100, to: 100)
        history.count(one, from: 100, to: 101)
        history.count(MinuteCounts(denied: 7), from: 101, to: 101)
        #expect(history[100] == one + one)
        #expect(history[101] == MinuteCounts(denied: 7))
        #expect(history[99] == nil)
        #expect(history[102] == nil)
        #expect(history.day(upTo: 101).last == MinuteCounts(denied: 7))
        #expect(history.day(upTo: 103).suffix(4) == [one + one, MinuteCounts(denied: 7), nil, nil])
    }

    @Test("minutes in which nobody looked stay unknown, which isn't nothing")
    func gap() {
        var history = MinuteHistory()
        history.count(one, from: 10, to: 14)
        #expect((9...15).map { history[$0] } == [nil, one, nil, nil, nil, MinuteCounts(), nil])
    }

    @Test(
        "a clock that jumps ahead leaves unknown minutes, and beyond a day nothing", arguments: [1_438, 1_439, 1_440, 1 << 40] as [Int64])
    func jumpAhead(minutes: Int64) {
        var history = MinuteHistory()
        history.count(one, from: 10, to: 10)
        history.count(MinuteCounts(), from: 10, to: 10 + minutes)
        #expect(history[10] == (minutes < day ? one : nil))
        #expect(known(history, upTo: 10 + minutes) == (minutes < day ? 2 : 1))
        #expect(history.day(upTo: 10 + minutes).count == MinuteHistory.minutesMax)
    }

    @Test("a clock that is turned back neither loses nor doubles anything", arguments: [-1, 0, 5, 99] as [Int64])
    func jumpBack(minute: Int64) {
        var history = MinuteHistory()
        history.count(one, from: 100, to: 100)
        history.count(one, from: minute, to: minute)
        #expect(history.newest == 100)
        #expect(history[100] == one + one)
        #expect(known(history, upTo: 100) == 1)
    }

    @Test("a day is all there is, however long it goes on")
    func bounded() {
        var history = MinuteHistory()
        for minute in 0..<5 * day { history.count(one, from: minute, to: minute + 1) }
        #expect(known(history, upTo: 5 * day) == MinuteHistory.minutesMax)
        #expect(history[4 * day] == nil)
        #expect(history[4 * day + 1] == one)
    }

    @Test("counts stay at the highest there is, and one that went down counts nothing")
    func saturation() {
        #expect(MinuteCounts(denied: .max) + MinuteCounts(denied: 1) == MinuteCounts(denied: .max))
        let before = MinuteCounts.Totals(denied: 9, requests: 1 << 40, errors: 1, refused: 0)
        let after = MinuteCounts.Totals(denied: 4, requests: 1 << 50, errors: 3, refused: 0)
        #expect(after.since(before) == MinuteCounts(denied: 0, requests: .max, errors: 2, refused: 0))
    }

    @Test("verdicts are denials, requests, errors and refusals")
    func verdicts() {
        var tally = VerdictTally()
        for (status, outcome) in [
            (200, .completed), (503, .completed), (404, .drained), (502, .upstreamFailed), (0, .upstreamTimeout), (403, .refused),
            (503, .refused), (0, .clientGone),
        ] as [(UInt16, Outcome)] {
            var verdict = ExchangeVerdict(peer: PeerAddress(ipv4: 1), listener: 0, endedMilliseconds: 0)
            verdict.status = status
            verdict.outcome = outcome
            tally.count(verdict)
        }
        for reason in [.notListed, .expired, .dropped] as [DenialReason] { tally.count(reason) }
        #expect(MinuteCounts.Totals(tally) == MinuteCounts.Totals(denied: 2, requests: 8, errors: 3, refused: 2))
    }

    // MARK: From one process to the next

    private var sample: MinuteHistory {
        var history = MinuteHistory()
        history.count(one, from: 5_000, to: 5_003)
        history.count(MinuteCounts(denied: .max, requests: .max, errors: .max, refused: 6), from: 5_003, to: 5_004)
        return history
    }

    @Test("what one process writes is what the next one reads", arguments: [true, false])
    func bytes(isLast: Bool) throws {
        for history in [sample, MinuteHistory()] {
            let bytes = history.bytes(isLast: isLast)
            #expect(bytes.count == MinuteHistory.byteCount)
            let read = try #require(MinuteHistory.read(bytes, now: 5_004))
            #expect(read.history == history)
            #expect(read.isLast == isLast)
        }
    }

    @Test("what is torn, cut, longer, empty or of another form is no history")
    func garbage() {
        let bytes = sample.bytes(isLast: false)
        #expect(MinuteHistory.read([], now: 5_004) == nil)
        #expect(MinuteHistory.read(Array(bytes.dropLast()), now: 5_004) == nil)
        #expect(MinuteHistory.read(bytes + [0], now: 5_004) == nil)
        #expect(MinuteHistory.read([UInt8](repeating: 0, count: bytes.count), now: 5_004) == nil)
        #expect(MinuteHistory.read([UInt8](repeating: 255, count: bytes.count), now: 5_004) == nil)
        for index in Array(0..<40) + stride(from: 40, to: bytes.count, by: 97) + Array(bytes.count - 8..<bytes.count) {
            var torn = bytes
            torn[index] ^= 0x10
            #expect(MinuteHistory.read(torn, now: 5_004) == nil, "\(index)")
        }
        // A half of each of two.
        let other = MinuteHistory().bytes(isLast: true)
        #expect(MinuteHistory.read(Array(bytes.prefix(9_000) + other.dropFirst(9_000)), now: 5_004) == nil)
    }

    @Test("one that says it is of later than now is of another start of the machine")
    func later() {
        #expect(MinuteHistory.read(sample.bytes(isLast: true), now: 5_003) == nil)
    }

    @Test("what two processes have counted adds up minute by minute")
    func sum() {
        var successor = MinuteHistory()
        successor.count(one, from: 5_004, to: 5_006)
        let sum = successor.adding(sample)
        #expect(sum == sample.adding(successor))
        #expect(sum.newest == 5_006)
        #expect((4_999...5_007).map { sum[$0]?.refused } == [nil, 4, nil, nil, 6, 4, nil, 0, nil])
        #expect(successor.adding(MinuteHistory()) == successor)
        #expect(MinuteHistory().adding(successor) == successor)
    }
}

extension MinuteHistoryTests {
    @Test("minutes are taken together, and a span of which no minute is known is unknown")
    func spans() {
        var day = [MinuteCounts?](repeating: nil, count: 25)
        day[3] = MinuteCounts(denied: 1)
        day[7] = MinuteCounts(denied: 2)
        day[24] = MinuteCounts(denied: 4)
        #expect(DaySpans(day, minutes: 10).spans.map { $0?.denied } == [3, nil, 4])
        #expect(DaySpans([], minutes: 10).spans.isEmpty)
    }
}
