import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct HistoryRecorderTests {
    private let plane = FakeDataPlane()
    private let clock = TurnedClock()

    private func recorder(inherited: MemoryFile? = nil) -> HistoryRecorder {
        HistoryRecorder(on: plane, inherited: inherited, at: clock.now)
    }

    private func deny(_ count: Int) { for _ in 0..<count { plane.tally?.count(.notListed) } }

    /// The last minutes that are known, the oldest first.
    private func denied(_ recorder: HistoryRecorder, _ count: Int) -> [UInt32?] {
        recorder.day(at: clock.now.instant).suffix(count).map { $0?.denied }
    }

    /// To the end of the minute, where it looks by itself.
    private func passMinute(_ recorder: HistoryRecorder) throws {
        guard case .instant(let due)? = recorder.next else { throw Failure("it never looks again") }
        clock.turn(milliseconds: Int(due.nanoseconds(since: clock.now.instant) / 1_000_000) + 1)
        recorder.pass(at: clock.now)
    }

    private func heir(of number: Int32) throws -> MemoryFile {
        try #require(MemoryFile(inherited: dup(number), byteCount: MinuteHistory.byteCount))
    }

    @Test("it looks at the end of each minute, and whenever somebody else does")
    func minutes() throws {
        let recorder = recorder()
        deny(3)
        try passMinute(recorder)
        deny(2)
        try passMinute(recorder)
        deny(1)
        #expect(denied(recorder, 4) == [nil, 3, 2, 0])
        recorder.note(try #require(plane.tally), at: clock.now.instant)
        #expect(denied(recorder, 4) == [nil, 3, 2, 1])
    }

    @Test("workers that were asked for the ledger's sake aren't asked again")
    func once() throws {
        let scene = try ServiceScene()
        for _ in 0..<120 {
            scene.plane.tally?.count(.notListed)
            scene.clock.turn(milliseconds: 1_000)
            scene.pass()
        }
        #expect(scene.plane.verdictsAsked == 0)
        let known = scene.service.parts.history.day(at: scene.clock.now.instant).compactMap { $0?.denied }
        #expect(known.reduce(0, +) == 120 && known.count >= 2)
        let forgetful = try ServiceScene(hasLedger: false)
        for _ in 0..<3 {
            forgetful.clock.turn(milliseconds: 60_000)
            forgetful.pass()
        }
        #expect(forgetful.service.parts.history.day(at: forgetful.clock.now.instant).compactMap(\.self).count >= 3)
    }

    @Test("setting the calendar changes nothing", arguments: [-86_400_000, 86_400_000] as [Int64])
    func calendar(by milliseconds: Int64) throws {
        let recorder = recorder()
        deny(3)
        clock.setCalendar(clock.now.wallTime.advanced(byMilliseconds: milliseconds))
        try passMinute(recorder)
        deny(2)
        try passMinute(recorder)
        #expect(denied(recorder, 4) == [nil, 3, 2, 0])
    }

    @Test("while a worker doesn't answer nothing is known, and nothing is lost")
    func stuck() throws {
        let recorder = recorder()
        deny(3)
        let tally = plane.tally
        plane.tally = nil
        for _ in 0..<3 { try passMinute(recorder) }
        plane.tally = tally
        try passMinute(recorder)
        #expect(denied(recorder, 6) == [nil, 3, nil, nil, nil, 0])
    }

    @Test("a successor has what was counted before it, to the last moment, and its own")
    func succession() throws {
        let old = recorder()
        deny(3)
        try passMinute(old)
        let file = try heir(of: try #require(old.lend(at: clock.now.instant)).number)
        let (oldPlane, newPlane) = (plane, FakeDataPlane())
        let new = HistoryRecorder(on: newPlane, inherited: file, at: clock.now)
        #expect(denied(new, 3) == [nil, 3, 0])
        deny(5)
        old.end(at: clock.now.instant)
        // What comes with what was under way is nobody's.
        oldPlane.tally?.count(.notListed)
        newPlane.tally?.count(.notListed)
        new.note(try #require(newPlane.tally), at: clock.now.instant)
        #expect(denied(new, 3) == [nil, 3, 6])
        // And so on to the next.
        let next = HistoryRecorder(
            on: FakeDataPlane(), inherited: try heir(of: try #require(new.lend(at: clock.now.instant)).number), at: clock.now)
        #expect(denied(next, 3) == [nil, 3, 6])
    }

    @Test("one that doesn't take over leaves nothing behind")
    func failed() throws {
        let recorder = recorder()
        deny(1)
        #expect(recorder.lend(at: clock.now.instant) != nil)
        recorder.takeBack()
        recorder.end(at: clock.now.instant)
        #expect(denied(recorder, 1) == [1])
    }

    @Test("a file of nonsense costs the history and nothing else")
    func nonsense() throws {
        let file = try MemoryFile(byteCount: MinuteHistory.byteCount)
        #expect(file.write([UInt8](repeating: 0x47, count: MinuteHistory.byteCount)))
        let recorder = recorder(inherited: try heir(of: file.number))
        deny(1)
        try passMinute(recorder)
        #expect(denied(recorder, 3) == [nil, 1, 0])
    }
}
