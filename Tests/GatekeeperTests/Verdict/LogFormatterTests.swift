import Testing

@testable import Gatekeeper

@Suite("The order of lines")
struct LogFormatterTests {
    private let inbox: JournalInbox
    private let writers: [JournalWriter]
    private let file = LogFile()

    init() throws {
        let inbox = try JournalInbox(workers: 3, ringBytes: 4096, listeners: [])
        self.inbox = inbox
        writers = inbox.rings.map { JournalWriter(ring: $0, signal: inbox.signal, writesAccess: true) }
    }

    private func say(_ worker: Int, at time: Int64) {
        writers[worker].event("tick", wallMilliseconds: time)
    }

    private func times() throws -> [String] {
        try file.lines().compactMap { $0["time"] as? String }.map { String($0.dropLast().suffix(3)) }
    }

    @Test("lines of all workers and of the control plane come in the order of their times")
    func order() throws {
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        for time: Int64 in [12, 15, 19] { say(0, at: time) }
        for time: Int64 in [13, 18] { say(1, at: time) }
        say(2, at: 1)
        inbox.post(JournalInbox.Event(name: "reloaded", stage: nil, fields: [], wallMilliseconds: 14))
        inbox.post(JournalInbox.Event(name: "reloaded", stage: nil, fields: [], wallMilliseconds: 16))
        formatter.turn(now: Instant(nanoseconds: 1), wallMilliseconds: 100)
        #expect(try times() == ["001", "012", "013", "014", "015", "016", "018", "019"])
    }

    @Test("what happened after the cutoff waits, whoever tells of it")
    func cutoff() throws {
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        for time: Int64 in [19, 31] { say(0, at: time) }
        inbox.post(JournalInbox.Event(name: "reloaded", stage: nil, fields: [], wallMilliseconds: 27))
        formatter.turn(now: Instant(nanoseconds: 1), wallMilliseconds: 40, cutoff: 20)
        #expect(try times() == ["019"])
        #expect(formatter.deadline != nil)
        // Told late, of what was before.
        say(1, at: 25)
        formatter.turn(now: Instant(nanoseconds: 2), wallMilliseconds: 60, cutoff: 40)
        #expect(try times() == ["019", "025", "027", "031"])
        #expect(formatter.deadline == nil)
    }

    @Test("what was stamped before the clock was set back isn't waited for, nor does it hold up others")
    func clockSetBack() throws {
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        say(0, at: 900)
        say(1, at: 10)
        say(2, at: 45)
        formatter.turn(now: Instant(nanoseconds: 1), wallMilliseconds: 50, cutoff: 30)
        #expect(try times() == ["010", "900"])
    }

    @Test("a ring that fills up isn't held back")
    func pressed() throws {
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        for time in 0..<60 { say(0, at: Int64(time)) }
        formatter.turn(now: Instant(nanoseconds: 1), wallMilliseconds: 90, cutoff: -1)
        #expect(try times().count == 60)
    }

    @Test("the cutoff is what the slowest worker may still tell of, within a second")
    func marks() {
        #expect(inbox.cutoff(wallMilliseconds: 10_000) == 9_999)
        inbox.marks[1].set(9_950)
        inbox.marks[2].set(9_970)
        #expect(inbox.cutoff(wallMilliseconds: 10_000) == 9_950)
        inbox.marks[1].clear()
        #expect(inbox.cutoff(wallMilliseconds: 10_000) == 9_970)
        inbox.marks[0].set(2_000)
        #expect(inbox.cutoff(wallMilliseconds: 10_000) == 9_000)
    }

    @Test("the end holds nothing back")
    func end() throws {
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        say(0, at: 60)
        inbox.post(JournalInbox.Event(name: "reloaded", stage: nil, fields: [], wallMilliseconds: 61))
        formatter.turn(now: Instant(nanoseconds: 1), wallMilliseconds: 70, cutoff: 50)
        #expect(try times() == [])
        formatter.finish(now: Instant(nanoseconds: 2), wallMilliseconds: 70) { true }
        #expect(try times() == ["060", "061"])
    }
}
