import Foundation
import Testing

@Suite("Formats and places of the log")
struct LogFormatTests {
    @Test("a reload makes text of the lines, and JSON again")
    func text() throws {
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {format: json}")
        try daemon.rewriteConfiguration("format: json", "format: text")
        daemon.process.signal(SIGHUP)
        try daemon.waitForLine { $0.text.contains("Z reloaded generation=2 ") }

        let client = try RawClient(to: daemon)
        #expect(try client.exchange("GET /a?b=c HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        let listener = "127.0.0.1:\(daemon.port)"
        let request = try daemon.waitForLine { $0.text.contains(" request ") }
        #expect(request.text.contains("Z request 127.0.0.2 at \(listener): GET /a 200 stage="))
        #expect(request.text.contains(" upstream=\(upstream.url) ") && request.text.hasSuffix(" outcome=completed"))

        #expect(try client.exchange("GET /b HTTP/1.1\r\nHost: t\r\napi_key: 1\r\n\r\n").status == 200)
        let told = try daemon.waitForLine { $0.text.contains(" /b ") }
        #expect(told.text.hasSuffix(" outcome=completed dropped_fields=\"api_key (name)\""))

        let hostile = "GET /a\u{1b}[2J HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        #expect(try client.exchange(hostile).status == 400)
        let refused = try daemon.waitForLine { $0.text.contains(" refused ") }
        #expect(refused.text.contains(" refused 127.0.0.2 at \(listener): ") && !refused.text.contains("\u{1b}"))

        _ = try RawClient(to: daemon, from: "127.0.0.9", security: .plain).receive()
        let denied = try daemon.waitForLine { $0.text.contains(" denied ") }
        #expect(denied.text.wholeMatch(of: /\S+Z denied 127\.0\.0\.9 at \S+: not_listed stage=admission worker=\d+ count=1/) != nil)

        try daemon.rewriteConfiguration("format: text", "format: json")
        #expect(try daemon.reload().event == "reloaded")
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.log.all.last?.event == "stopped")
    }

    @Test("a reload sends the lines to the system's log, follows it when it is replaced, and brings them back; none is lost on the way")
    func syslog() throws {
        let folder = try TemporaryFolder()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {to: stdout}")
        let client = try RawClient(to: daemon)
        func ask(_ path: String) throws {
            #expect(try client.exchange("GET \(path) HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        }
        try ask("/before")
        // Written where lines went at the time.
        try daemon.waitForLine { $0["path"] == "/before" }

        let log = try SyslogSocket(at: folder.file("log"))
        try daemon.rewriteConfiguration("to: stdout", "to: \"syslog:\(log.path)\"")
        daemon.process.signal(SIGHUP)
        let reloaded = try log.first { $0.contains(#""event":"reloaded""#) }
        let form = /<29>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d gatekeeperd\[(\d+)\]: \{.*\}/
        #expect(reloaded.wholeMatch(of: form)?.1 == "\(daemon.process.id)")
        try ask("/first")
        #expect(try log.first { $0.contains(#""path":"/first""#) }.hasPrefix("<30>"))

        let replaced = try SyslogSocket(at: log.path)
        try ask("/second")
        try replaced.first { $0.contains(#""path":"/second""#) }

        try daemon.rewriteConfiguration("to: \"syslog:\(log.path)\"", "to: stdout")
        #expect(try daemon.reload().event == "reloaded")
        try ask("/after")
        #expect(try daemon.terminate() == .exited(0))
        #expect(daemon.lines("request").compactMap { $0["path"] } == ["/before", "/after"])
        #expect(!daemon.log.all.contains { $0.number("dropped") != nil })
    }

    @Test("where standard output is journald's stream, lines begin with their priority, and nowhere else", arguments: [true, false])
    func journald(isOurs: Bool) throws {
        let folder = try TemporaryFolder()
        let leaf = try Certificates.shared().leaf(.ecdsa)
        // What the service manager says of the output that it gave us.
        let launcher =
            "exec 3>&\(isOurs ? 1 : 2); JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/3); exec 3>&-; export JOURNAL_STREAM; exec \"$0\" \"$@\""
        let process = try ChildProcess(
            "sh",
            [
                "-c", launcher, Daemon.binary, "run", "--listen", "127.0.0.1:0", "--certificate", leaf.certificate, "--key", leaf.key,
                "--allow", "127.0.0.2", "--upstream", "http://127.0.0.1:9",
            ], output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("err")))
        func said() throws -> String { try String(contentsOfFile: folder.file("out"), encoding: .utf8) }
        #expect(try eventually { try said().contains("started") })
        process.signal(SIGTERM)
        #expect(try process.waitForEnd() == .exited(0))
        let lines = try said().split(separator: "\n")
        #expect(lines.count >= 2)
        #expect(lines.allSatisfy { $0.hasPrefix(isOurs ? "<5>{\"time\":" : "{\"time\":") }, "\(lines)")
    }

    @Test("a log daemon that doesn't read holds up no request, and what it missed is counted")
    func unread() throws {
        let folder = try TemporaryFolder()
        let upstream = try ScriptedUpstream(.echo)
        let daemon = try Daemon(upstream: upstream.url, settings: "log: {to: stdout}")
        let client = try RawClient(to: daemon)
        let log = try SyslogSocket(at: folder.file("log"))
        try daemon.rewriteConfiguration("to: stdout", "to: \"syslog:\(log.path)\"")
        daemon.process.signal(SIGHUP)
        try log.first { $0.contains(#""event":"reloaded""#) }

        // More than the kernel keeps for one reader.
        let count = 1000
        for _ in 0..<count { #expect(try client.exchange("GET /more HTTP/1.1\r\nHost: t\r\n\r\n").status == 200) }
        var kept = log.drain()
        #expect(try client.exchange("GET /last HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
        kept += try log.all { $0.contains(#""path":"/last""#) }
        let dropped = kept.compactMap { $0.firstMatch(of: /"dropped":(\d+)/).flatMap { Int($0.1) } }.reduce(0, +)
        #expect(dropped > 0)
        // A problem with the log is told in it too, as far as there is room: among what was kept, or among what was lost.
        let requests = kept.count { $0.contains(#""event":"request""#) && !$0.contains(#""path":"/last""#) }
        #expect((count...count + 4).contains(requests + dropped), "\(requests) + \(dropped)")
        #expect(try daemon.terminate() == .exited(0))
    }

    @Test("a service that logs to the system's log from the start says so from its first line to its last")
    func fromTheStart() throws {
        let folder = try TemporaryFolder()
        let log = try SyslogSocket(at: folder.file("log"))
        let leaf = try Certificates.shared().leaf(.ecdsa)
        let process = try ChildProcess(
            Daemon.binary,
            [
                "run", "--listen", "127.0.0.1:0", "--certificate", leaf.certificate, "--key", leaf.key, "--allow", "127.0.0.2",
                "--upstream",
                "http://127.0.0.1:9", "--log", "syslog:\(log.path)", "--set", "log.format=text",
            ], output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("err")))
        #expect(try log.first { $0.contains("Z started ") }.hasPrefix("<29>"))
        process.signal(SIGTERM)
        try log.first { $0.hasSuffix("Z stopped") }
        #expect(try process.waitForEnd() == .exited(0))
        #expect(try String(contentsOfFile: folder.file("out"), encoding: .utf8).isEmpty)
    }
}
