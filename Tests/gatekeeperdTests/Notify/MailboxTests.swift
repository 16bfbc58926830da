import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What a notifier is told, and when")
struct MailboxTests {
    private static let program = Notifier(way: .program("/usr/local/bin/alert"))
    private let clock = TurnedClock()

    private func problem(_ number: Int, _ kind: Problem.Kind = .configurationWarning) -> Problem {
        Problem(kind, of: "\(number)", "warning \(number)", cure: "mend it", since: clock.now.wallTime)
    }

    private func take(_ mailbox: inout Mailbox) -> Notice? { mailbox.take(at: clock.now.instant) }

    @discardableResult
    private func finish(_ mailbox: inout Mailbox, _ failure: String? = nil) -> Mailbox.Outcome { mailbox.finish(failure, at: clock.now) }

    @Test("that a problem began and that it is over is told once each")
    func once() {
        var mailbox = Mailbox(Self.program)
        #expect(take(&mailbox) == nil)
        mailbox.follow([problem(1)], at: clock.now.instant)
        #expect(take(&mailbox)?.begun.map(\.subject) == ["1"])
        #expect(take(&mailbox) == nil, "it is on its way")
        finish(&mailbox)
        mailbox.follow([problem(1), problem(2)], at: clock.now.instant)
        #expect(take(&mailbox)?.begun.map(\.subject) == ["2"])
        finish(&mailbox)
        mailbox.follow([problem(2)], at: clock.now.instant)
        #expect(take(&mailbox)?.over.map(\.subject) == ["1"])
        finish(&mailbox)
        #expect(take(&mailbox) == nil && mailbox.next == nil)
    }

    @Test("what changes while a notice is on its way is told with the next")
    func meanwhile() {
        var mailbox = Mailbox(Self.program)
        mailbox.follow([problem(1)], at: clock.now.instant)
        _ = take(&mailbox)
        mailbox.follow([problem(2)], at: clock.now.instant)
        finish(&mailbox)
        let notice = take(&mailbox)
        #expect(notice?.begun.map(\.subject) == ["2"] && notice?.over.map(\.subject) == ["1"] && notice?.brief == [])
    }

    @Test("a failure is tried again after 5 s, 10 s, and at most 10 min, with what is true by then")
    func retry() {
        var mailbox = Mailbox(Self.program)
        mailbox.follow([problem(1)], at: clock.now.instant)
        var waits: [Int] = []
        for _ in 1...9 {
            _ = take(&mailbox)
            finish(&mailbox, "it answered 500")
            let next = mailbox.next ?? .distantFuture
            let wait = Int(next.nanoseconds(since: clock.now.instant) / 1_000_000)
            waits.append(wait)
            clock.turn(milliseconds: wait - 1)
            #expect(take(&mailbox) == nil)
            clock.turn(milliseconds: 1)
        }
        #expect(waits == [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000])
        #expect(mailbox.trouble?.reason == "it answered 500" && mailbox.trouble?.since == GrantScene.start)
        mailbox.follow([problem(2)], at: clock.now.instant)
        let notice = take(&mailbox)
        #expect(notice?.begun.map(\.subject) == ["2"] && notice?.brief.map(\.subject) == ["1"])
        finish(&mailbox)
        #expect(mailbox.trouble == nil && mailbox.next == nil)
    }

    @Test("after an hour a notice is given up, and what comes later is told")
    func lost() {
        var mailbox = Mailbox(Self.program)
        mailbox.follow([problem(1)], at: clock.now.instant)
        var outcome = Mailbox.Outcome.done
        while outcome == .done {
            guard let notice = take(&mailbox) else { return }
            #expect(notice.begun.map(\.subject) == ["1"])
            outcome = finish(&mailbox, "no")
            clock.turn(milliseconds: 600_000)
        }
        #expect(clock.now.wallTime.milliseconds(since: GrantScene.start) < 2 * 3_600_000)
        #expect(take(&mailbox) == nil)
        #expect(mailbox.trouble != nil, "nothing has reached it since")
        mailbox.follow([problem(1), problem(2)], at: clock.now.instant)
        #expect(take(&mailbox)?.begun.map(\.subject) == ["2"])
    }

    @Test("at most 20 notices an hour; what would be more comes in one when there is room")
    func crowded() {
        var mailbox = Mailbox(Self.program)
        for number in 1...20 {
            mailbox.follow([problem(number)], at: clock.now.instant)
            #expect(take(&mailbox)?.isSummary == false)
            finish(&mailbox)
            clock.turn(milliseconds: 1_000)
        }
        for number in 21...60 {
            mailbox.follow([problem(number)], at: clock.now.instant)
            #expect(take(&mailbox) == nil)
            clock.turn(milliseconds: 1_000)
        }
        clock.turn(milliseconds: 3_600_000 - 60_000)
        let summary = take(&mailbox)
        #expect(summary?.isSummary == true && summary?.begun.map(\.subject) == ["60"] && summary?.over.map(\.subject) == ["20"])
        #expect(summary?.brief.count == 20, "the newest of those that came and went")
    }

    @Test("a test is sent at once, whatever waits, and says what came of it")
    func test() {
        var mailbox = Mailbox(Self.program)
        mailbox.follow([problem(1)], at: clock.now.instant)
        _ = take(&mailbox)
        finish(&mailbox, "no")
        mailbox.beginTest(at: clock.now.instant)
        #expect(mailbox.test == .underWay)
        #expect(take(&mailbox)?.isTest == true)
        finish(&mailbox)
        #expect(mailbox.test == .delivered && mailbox.trouble == nil)
        #expect(take(&mailbox)?.begun.map(\.subject) == ["1"], "nor is what waited lost")
    }

    @Test("that it can't be reached itself is told to others")
    func own() {
        var mailbox = Mailbox(Self.program)
        let own = Problem(.noticeUndelivered, of: Self.program.name, "unreachable", cure: "mend it", since: clock.now.wallTime)
        mailbox.follow([own], at: clock.now.instant)
        #expect(take(&mailbox) == nil)
        var other = Mailbox(Notifier(way: .program("/other")))
        other.follow([own], at: clock.now.instant)
        #expect(take(&other)?.begun == [own])
    }

    @Test("what a former process has told isn't told again; what is gone by then is told after a minute, and no sooner")
    func restored() {
        var mailbox = Mailbox(Self.program, told: [problem(1), problem(2)])
        #expect(mailbox.next == nil, "nothing has been judged yet")
        mailbox.follow([problem(3)], at: clock.now.instant)
        #expect(take(&mailbox)?.begun.map(\.subject) == ["3"])
        finish(&mailbox)
        clock.turn(milliseconds: 59_000)
        mailbox.follow([problem(2), problem(3)], at: clock.now.instant)
        #expect(take(&mailbox) == nil)
        #expect(mailbox.next == clock.now.instant.advanced(byMilliseconds: 1_000))
        // One that has shown itself ends like any other.
        mailbox.follow([problem(3)], at: clock.now.instant)
        #expect(take(&mailbox)?.over.map(\.subject) == ["2"])
        finish(&mailbox)
        clock.turn(milliseconds: 1_000)
        #expect(take(&mailbox)?.over.map(\.subject) == ["1"])
        finish(&mailbox)
        #expect(mailbox.told.map(\.subject) == ["3"] && mailbox.next == nil)
    }
}
