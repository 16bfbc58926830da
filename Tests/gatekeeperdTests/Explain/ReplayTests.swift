import Testing

@testable import gatekeeperd

@Suite("An access log, read and judged")
struct ReplayTests {
    @Test(
        "a line of each known kind is a request",
        arguments: [
            #"{"time":"2026-11-25T17:00:00.123Z","event":"request","stage":"proxy","peer":"203.0.113.9","method":"POST","path":"/a b\"","status":201}"#,
            #"{"event":"refused","peer":"203.0.113.9","method":"POST","path":"/a b\"","status":403}"#,
            #"2026-11-25T17:00:00.123Z request 203.0.113.9 at 0.0.0.0:443: POST "/a b\"" 201 stage=proxy worker=0"#,
            #"<6>2026-11-25T17:00:00.123Z refused 203.0.113.9 at 0.0.0.0:443: POST "/a b\"" 403: route stage=policy"#,
        ])
    func own(line: String) {
        #expect(LoggedRequest.read(Array(line.utf8)) == .request(LoggedRequest(peer: "203.0.113.9", method: "POST", target: "/a b\"")))
    }

    @Test("so is one of nginx or Apache")
    func combined() {
        let line = #"2001:db8::9 - alice [25/Nov/2026:17:00:00 +0000] "GET /api/x?key=1 HTTP/1.1" 200 512 "-" "curl/8""#
        #expect(LoggedRequest.read(Array(line.utf8)) == .request(LoggedRequest(peer: "2001:db8::9", method: "GET", target: "/api/x?key=1")))
    }

    @Test(
        "what our log tells besides is passed over, and what isn't a line of a log is unreadable",
        arguments: [
            (#"{"event":"denied","peer":"203.0.113.9"}"#, LoggedRequest.Line.other), ("", .other),
            ("2026-11-25T17:00:00.123Z denied 203.0.113.9 at 0.0.0.0:443: not_listed stage=admission", .other),
            (#"{"event":"request","peer":"203.0.113.9"}"#, .unreadable), ("{", .unreadable), ("lorem ipsum", .unreadable),
            (#"203.0.113.9 - - [x] "\x16\x03\x01" 400 0"#, .unreadable),
            (#"{"event":"request","peer":"203.0.113.9","method":"GET","path":"/long…"}"#, .unreadable),
        ])
    func others(line: String, expected: LoggedRequest.Line) {
        #expect(LoggedRequest.read(Array(line.utf8)) == expected)
    }

    private static func line(_ path: String) -> String { #"203.0.113.9 - - [x] "GET \#(path) HTTP/1.1" 200 1 "-" "-""# + "\n" }

    private func replay() -> Replay {
        Replay { question in
            let isFine = question.request?.target == "/fine"
            return Replay.Judgement(word: isFine ? "admitted" : "refused 403 route", isRefused: !isFine)
        }
    }

    @Test("a log that comes byte by byte gives the same as one that comes whole")
    func torn() {
        let lines = [Self.line("/fine"), Self.line("/bad?key=secret"), "nonsense\n", Self.line("/bad"), Self.line("/fine")]
        let log = Array(lines.joined().utf8.dropLast())
        var (whole, torn) = (replay(), replay())
        whole.take(log)
        for byte in log { torn.take([byte]) }
        whole.finish()
        torn.finish()
        #expect(whole.text == torn.text && whole.json == torn.json)
        #expect(whole.counts == ["admitted": 2, "refused 403 route": 2])
        #expect(whole.firstUnreadable == 3 && whole.unreadable == 1)
        #expect(whole.text.contains("2  GET /bad from 203.0.113.9: refused 403 route"), "\(whole.text)")
        #expect(!whole.text.contains("secret"))
    }

    @Test("whatever is in it, only so much is kept, and every request is counted")
    func bounded() {
        var replay = replay()
        for number in 0..<3_000 { replay.take(Array(Self.line("/\(number)").utf8)) }
        replay.take(Array(repeating: UInt8(ascii: "x"), count: 1 << 20) + [UInt8(ascii: "\n")])
        replay.finish()
        #expect(replay.refused.count == Replay.shownMax && replay.refusedBeyond == 2_000)
        #expect(replay.counts["refused 403 route"] == 3_000 && replay.unreadable == 1)
    }
}
