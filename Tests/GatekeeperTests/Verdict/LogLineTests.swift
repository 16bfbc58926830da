import Testing

@testable import Gatekeeper

@Suite("Log lines as text")
struct LogLineTests {
    private let peer = PeerAddress(ipv4: 0xcb00_7109)
    private let wall: Int64 = 1_795_626_000_123

    @Test("a line leads with who, where and why, and names the other facts")
    func denied() throws {
        let text = try written { journal in
            journal.writer(worker: 0).denied(peer: peer, listener: 0, reason: .notListed, wallMilliseconds: wall)
        }
        #expect(text == "2026-11-25T17:00:00.123Z denied 203.0.113.9 at 0.0.0.0:443: not_listed stage=admission worker=0 count=1\n")
    }

    @Test("a summary says since when, and how often")
    func summary() throws {
        let text = try written { journal in
            let writer = journal.writer(worker: 0)
            for _ in 0..<3 { writer.denied(peer: peer, listener: 0, reason: .notListed, wallMilliseconds: wall) }
        }
        #expect(
            text.split(separator: "\n").last?.contains(
                """
                Z denied_summary 203.0.113.9: not_listed stage=admission count=2 first=2026-11-25T17:00:00.123Z \
                last=2026-11-25T17:00:00.123Z sources=1
                """) == true)
    }

    @Test("a request is its method, path and status; a refusal its reason as well")
    func request() throws {
        var verdict = ExchangeVerdict(peer: peer, listener: 0, endedMilliseconds: wall)
        verdict.label = "Our office"
        verdict.status = 403
        verdict.outcome = .refused
        verdict.stage = .policy
        verdict.reason = "route"
        let text = try written { request(verdict, "/a?b=c", with: $0) }
        #expect(
            text == """
                2026-11-25T17:00:00.123Z refused 203.0.113.9 at 0.0.0.0:443: POST /a?b=c 403: route stage=policy worker=0 port=0 \
                id=01J label="Our office" bytes_in=0 bytes_out=0 duration_ms=0.000 upstream=http://10.0.0.5:8080 protocol=HTTP/1.1 outcome=refused

                """)
    }

    @Test(
        "what a peer wrote is one value, whatever it is",
        arguments: [
            ("/a b: not_listed", #""/a b: not_listed""#), ("/a\nb", #""/a\nb""#), ("/\u{1b}[31m", #""/\u001b[31m""#), ("/\"", #""/\"""#),
            ("/\\n", #""/\\n""#), ("", #""""#), ("/\u{202e}", #""/\u202e""#), ("/é", #""/é""#),
        ])
    func hostile(path: String, shown: String) throws {
        let text = try written { request(ExchangeVerdict(peer: peer, listener: 0, endedMilliseconds: wall), path, with: $0) }
        #expect(text.contains(": POST \(shown) 0 stage=proxy "), "\(text)")
        #expect(text.count { $0 == "\n" } == 1)
    }

    @Test("fields of events stand under their names, and a cut value shows that it was")
    func events() throws {
        let text = try written { journal in
            journal.writer(worker: 0).event(
                "upstream_down", stage: .upstream, fields: [JournalField("reason", "refused"), JournalField("n", -3)],
                wallMilliseconds: wall)
            journal.event("reload_failed", [JournalField("error", String(repeating: "x", count: 100_000))])
        }
        let lines = text.split(separator: "\n")
        #expect(lines.contains("2026-11-25T17:00:00.123Z upstream_down stage=upstream worker=0 reason=refused n=-3"))
        #expect(lines.contains { $0.contains(" reload_failed error=\"xxx") && $0.hasSuffix("xxx…\"") })
    }

    @Test("the format changes while the journal runs")
    func changes() throws {
        let file = LogFile()
        let inbox = try JournalInbox(workers: 1, ringBytes: 4096, listeners: [])
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        for format in [Settings.Log.Format.json, .text, .json] {
            inbox.write(as: format)
            inbox.post(JournalInbox.Event(name: "tick", stage: nil, fields: [], wallMilliseconds: wall))
            formatter.turn(now: Instant(nanoseconds: 1), wallMilliseconds: wall)
        }
        let json = #"{"time":"2026-11-25T17:00:00.123Z","event":"tick"}"#
        #expect(file.text == "\(json)\n2026-11-25T17:00:00.123Z tick\n\(json)\n")
    }

    private func request(_ verdict: ExchangeVerdict, _ path: String, with journal: Journal) {
        let (id, method) = (Array("01J".utf8), Array("POST".utf8))
        let path = Array(path.utf8)
        let upstream = Array("http://10.0.0.5:8080".utf8)
        journal.writer(worker: 0).request(
            verdict, VerdictTexts(id: id.span, method: method.span, path: path.span, upstream: upstream.span))
    }

    /// What a journal that writes text writes of what `say` says.
    private func written(_ say: (Journal) throws -> Void) throws -> String {
        let file = LogFile()
        var log = Settings.Log()
        log.format = .text
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: ["0.0.0.0:443"], log: log)
        try say(journal)
        #expect(journal.finishPatiently())
        return file.text
    }
}
