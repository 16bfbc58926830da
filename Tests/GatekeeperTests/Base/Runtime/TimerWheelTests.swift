import Testing

@testable import Gatekeeper

struct TimerWheelTests {
    private final class Timer: TimerEntry {
        let number: Int
        var deadline: Instant
        var position: TimerPosition?

        init(_ number: Int, deadline: Instant) {
            self.number = number
            self.deadline = deadline
        }
    }

    /// One slot of the wheel, and all of them.
    private static let slot: UInt64 = 1 << 24
    private static let turn: UInt64 = slot * 1024

    @Test("an empty wheel wakes nobody")
    func empty() {
        var wheel = TimerWheel<Timer>(now: Instant(nanoseconds: 12_345))
        #expect(wheel.nextWake == nil)
        #expect(wheel.count == 0)
        wheel.advance(to: .distantFuture) { _ in Issue.record("nothing was scheduled") }
        #expect(wheel.nextWake == nil)
    }

    @Test("fires once its slot has passed, and once only")
    func once() {
        var wheel = TimerWheel<Timer>(now: Instant(nanoseconds: 0))
        let timer = Timer(0, deadline: Instant(nanoseconds: 3 * Self.slot + 5))
        wheel.schedule(timer)
        #expect(wheel.nextWake == Instant(nanoseconds: 4 * Self.slot))
        #expect(fired(&wheel, at: 3 * Self.slot + 4) == [])
        #expect(fired(&wheel, at: 4 * Self.slot) == [0])
        #expect(timer.position == nil)
        #expect(wheel.count == 0)
        #expect(fired(&wheel, at: 5 * Self.turn) == [])
    }

    @Test("a deadline that has passed when it is scheduled fires with the next slot")
    func past() {
        var wheel = TimerWheel<Timer>(now: Instant(nanoseconds: 100 * Self.slot))
        wheel.schedule(Timer(0, deadline: Instant(nanoseconds: 1)))
        #expect(wheel.nextWake == Instant(nanoseconds: 101 * Self.slot))
        #expect(fired(&wheel, at: 101 * Self.slot) == [0])
    }

    @Test("a deadline beyond one turn waits as many turns as it takes")
    func beyondTurn() throws {
        var wheel = TimerWheel<Timer>(now: Instant(nanoseconds: 0))
        let deadline = 5 * Self.turn + 7 * Self.slot + 1
        wheel.schedule(Timer(0, deadline: Instant(nanoseconds: deadline)))
        var now: UInt64 = 0
        var looks = 0
        while true {
            let wake = try #require(wheel.nextWake).nanoseconds
            try #require(wake > now && wake <= deadline + Self.slot)
            now = wake
            looks += 1
            if fired(&wheel, at: now) == [0] { break }
            #expect(now < deadline)
        }
        #expect(now == 5 * Self.turn + 8 * Self.slot)
        #expect(looks <= 7, "a long wait costs a look a turn")
    }

    @Test("one that is never due stays, and one far beyond the clock overflows nothing")
    func never() {
        var wheel = TimerWheel<Timer>(now: Instant(nanoseconds: 0))
        let timer = Timer(0, deadline: .distantFuture)
        wheel.schedule(timer)
        for turns: UInt64 in [1, 2, 3, 1000] { #expect(fired(&wheel, at: turns * Self.turn) == []) }
        #expect(wheel.count == 1)
        wheel.cancel(timer)
        #expect(wheel.count == 0)
        #expect(wheel.nextWake == nil)
    }

    @Test("moving a deadline later costs the wheel nothing until the old one comes up")
    func movedLater() {
        var wheel = TimerWheel<Timer>(now: Instant(nanoseconds: 0))
        let timer = Timer(0, deadline: Instant(nanoseconds: 2 * Self.slot))
        wheel.schedule(timer)
        timer.deadline = Instant(nanoseconds: 10 * Self.slot)
        wheel.schedule(timer)
        #expect(wheel.nextWake == Instant(nanoseconds: 3 * Self.slot))
        #expect(fired(&wheel, at: 3 * Self.slot) == [])
        #expect(wheel.nextWake == Instant(nanoseconds: 11 * Self.slot))
        #expect(fired(&wheel, at: 11 * Self.slot) == [0])
    }

    @Test("after a standstill of many turns everything that was due fires at once")
    func standstill() {
        var wheel = TimerWheel<Timer>(now: Instant(nanoseconds: 0))
        for number in 0..<5_000 {
            wheel.schedule(Timer(number, deadline: Instant(nanoseconds: UInt64(number) * Self.slot)))
        }
        #expect(fired(&wheel, at: 5_000 * Self.slot) == Array(0..<5_000))
        #expect(wheel.count == 0)
    }

    @Test("agrees with a list that is looked through from end to end", arguments: 0..<8)
    func oracle(round: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var model = Model(seed: seed)
        for step in 0..<4_000 {
            guard let objection = model.step() else { continue }
            Issue.record("seed \(seed), step \(step): \(objection)")
            return
        }
    }

    private func fired(_ wheel: inout TimerWheel<Timer>, at nanoseconds: UInt64) -> [Int] {
        var numbers: [Int] = []
        wheel.advance(to: Instant(nanoseconds: nanoseconds)) { numbers.append($0.number) }
        return numbers.sorted()
    }

    /// The wheel beside the plainest thing that does the same.
    private struct Model {
        private var random: SeededGenerator
        private var now: UInt64
        private var wheel: TimerWheel<Timer>
        private var scheduled: [Timer] = []
        private var idle: [Timer] = []
        private var numbers = 0

        init(seed: UInt64) {
            random = SeededGenerator(seed: seed)
            now = UInt64.random(in: 0...1 << 50, using: &random)
            wheel = TimerWheel(now: Instant(nanoseconds: now))
        }

        /// One random act; what is wrong afterwards, or nil.
        mutating func step() -> String? {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3: schedule()
            case 3: moveLater()
            case 4: moveEarlier()
            case 5: cancel()
            default:
                if let objection = advance() { return objection }
            }
            guard wheel.count == scheduled.count else { return "counts \(wheel.count) of \(scheduled.count)" }
            guard let earliest = scheduled.map(\.deadline).min() else {
                return wheel.nextWake == nil ? nil : "wakes for nothing"
            }
            guard let wake = wheel.nextWake else { return "doesn't wake" }
            // An entry whose deadline had passed when it was scheduled has its slot's time from then on.
            let latest = max(earliest.nanoseconds, now).addingReportingOverflow(TimerWheelTests.slot)
            return latest.overflow || wake.nanoseconds <= latest.partialValue ? nil : "wakes late"
        }

        private mutating func duration() -> UInt64 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: 0
            case 1..<4: UInt64.random(in: 0...3 * TimerWheelTests.slot, using: &random)
            case 4..<7: UInt64.random(in: 0...TimerWheelTests.turn, using: &random)
            default: UInt64.random(in: 0...5 * TimerWheelTests.turn, using: &random)
            }
        }

        private mutating func schedule() {
            let deadline = Instant(nanoseconds: now &+ duration())
            let timer: Timer
            if Bool.random(using: &random), let index = idle.indices.randomElement(using: &random) {
                timer = idle.remove(at: index)
                timer.deadline = deadline
            } else {
                timer = Timer(numbers, deadline: deadline)
                numbers += 1
            }
            wheel.schedule(timer)
            scheduled.append(timer)
        }

        private mutating func moveLater() {
            guard let timer = scheduled.randomElement(using: &random) else { return }
            timer.deadline = Instant(nanoseconds: timer.deadline.nanoseconds + duration())
            // Saying so is allowed and not needed.
            if Bool.random(using: &random) { wheel.schedule(timer) }
        }

        private mutating func moveEarlier() {
            guard let timer = scheduled.randomElement(using: &random) else { return }
            timer.deadline = Instant(nanoseconds: timer.deadline.nanoseconds - min(duration(), timer.deadline.nanoseconds))
            wheel.schedule(timer)
        }

        private mutating func cancel() {
            guard let index = scheduled.indices.randomElement(using: &random) else { return }
            let timer = scheduled.remove(at: index)
            wheel.cancel(timer)
            if Bool.random(using: &random) { wheel.cancel(timer) }
            idle.append(timer)
        }

        private mutating func advance() -> String? {
            let previous = now
            // Mostly as the loop does: to the next wake. Sometimes early, sometimes long after.
            switch Int.random(in: 0..<4, using: &random) {
            case 0: now += duration()
            case 1: now += 1
            default: now = max(now, wheel.nextWake?.nanoseconds ?? now)
            }
            var fired: [Timer] = []
            wheel.advance(to: Instant(nanoseconds: now)) { fired.append($0) }
            let numbers = Set(fired.map(\.number))
            guard numbers.count == fired.count else { return "fired one twice" }
            guard numbers.isSubset(of: scheduled.map(\.number)) else { return "fired one that wasn't scheduled" }
            if let early = fired.first(where: { $0.deadline.nanoseconds > now }) { return "fired \(early.number) early" }
            guard fired.allSatisfy({ $0.position == nil }) else { return "keeps the place of one that fired" }
            scheduled.removeAll { numbers.contains($0.number) }
            idle += fired
            // Whatever was due before its slot ended must be gone by now; `previous` bounds those scheduled in the past.
            let late = scheduled.first {
                let due = max($0.deadline.nanoseconds, previous)
                return (due / TimerWheelTests.slot + 1) * TimerWheelTests.slot <= now
            }
            return late.map { "has not fired \($0.number)" }
        }
    }
}
