import Foundation
import Testing

@testable import Gatekeeper

@Suite("Lines for the system's log")
struct JournalSyslogTests {
    @Test("each line is one datagram, with facility, severity, time, name and process before it")
    func datagrams() throws {
        let syslog = try FakeSyslog()
        var output = output(to: syslog.path)
        line(&output, .information)
        line(&output, .error)
        output.flush { false }
        let datagrams = syslog.datagrams()
        #expect(datagrams.count == 2)
        for (datagram, priority) in zip(datagrams, [30, 27]) {
            let pattern = /<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d gatekeeperd\[(\d+)\]: (.*)/
            let parts = try #require(datagram.wholeMatch(of: pattern), "\(datagram)")
            #expect(parts.1 == "\(priority)")
            #expect(parts.2 == "\(getpid())")
            #expect(parts.3 == #"{"time":"1970-01-01T00:00:00.000Z","event":"test","number":1}"#)
        }
        #expect(output.dropped == 0)
    }

    @Test("a day of one digit is padded with a blank")
    func stamp() {
        let time = LocalTime(month: 11, day: 5, hour: 7, minute: 0, second: 59)
        #expect(JournalSyslog.stamp(time) == "Nov  5 07:00:59")
    }

    @Test("lines are counted while no log daemon is there, and the first one that gets to one says how many")
    func absent() throws {
        let path = try FakeSyslog().path
        var output = output(to: path)
        for _ in 0..<3 { line(&output) }
        output.flush { false }
        #expect(output.dropped == 3)
        // This one carries the count, and is lost with it.
        line(&output)
        output.flush { false }
        #expect(output.dropped == 4)

        let syslog = try FakeSyslog(at: path)
        line(&output)
        line(&output)
        output.flush { false }
        #expect(output.dropped == 0)
        let datagrams = syslog.datagrams()
        #expect(datagrams.count == 2)
        #expect(datagrams.first?.hasSuffix(#","dropped":4}"#) == true)
        #expect(datagrams.last?.contains("dropped") == false)
    }

    @Test("a log daemon that was replaced is found under its path, whether the former one is gone or holds on")
    func replaced() throws {
        var former: FakeSyslog? = try FakeSyslog()
        let path = try #require(former?.path)
        var output = output(to: path)
        line(&output)
        output.flush { false }
        #expect(former?.datagrams().count == 1)

        let second = try FakeSyslog(at: path)
        line(&output)
        output.flush { false }
        #expect(former?.datagrams().isEmpty == true)
        #expect(second.datagrams().count == 1)

        former = nil
        let third = try FakeSyslog(at: path)
        line(&output)
        output.flush { false }
        #expect(third.datagrams().count == 1)
        #expect(output.dropped == 0)
    }

    @Test("a log daemon that never reads costs a moment and lines, and the count adds up when it reads again")
    func stuck() throws {
        let syslog = try FakeSyslog()
        var output = output(to: syslog.path)
        let start = ContinuousClock.now
        let sent = 2_000
        for _ in 0..<sent { line(&output) }
        output.flush { false }
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(output.dropped > 0)
        let dropped = Int(output.dropped)
        let arrived = syslog.datagrams().count
        #expect(arrived + dropped == sent)

        line(&output)
        output.flush { false }
        #expect(syslog.datagrams().last?.hasSuffix(",\"dropped\":\(dropped)}") == true)
    }

    @Test("lines go elsewhere, and back, when they are told to")
    func moves() throws {
        let file = LogFile()
        let syslog = try FakeSyslog()
        var output = JournalOutput(descriptor: file.descriptor)
        for path in [nil, syslog.path, nil] {
            output.write(as: .json, toSyslog: path)
            line(&output)
            output.flush { false }
        }
        #expect(try file.lines().count == 2)
        #expect(syslog.datagrams().count == 1)
    }

    @Test(
        "an event's severity says who should look",
        arguments: [
            ("reload_failed", Severity.error), ("listener_failed", .error), ("upstream_down", .warning), ("dropped", .warning),
            ("shield", .warning),
            ("started", .notice), ("\u{fffd}", .notice),
        ])
    func severities(event: String, severity: Severity) {
        #expect(Severity(event: event.utf8.span) == severity)
    }

    private func output(to path: String) -> JournalOutput {
        var output = JournalOutput(descriptor: -1)
        output.write(as: .json, toSyslog: path)
        return output
    }

    private func line(_ output: inout JournalOutput, _ severity: Severity = .notice) {
        let line = output.begin("test", severity, wallMilliseconds: 0)
        line.number("number", 1)
        output.end(line) { false }
    }
}
