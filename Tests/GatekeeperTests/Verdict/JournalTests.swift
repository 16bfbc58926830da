import Foundation
import Testing

@testable import Gatekeeper

struct JournalTests {
    private let peer = PeerAddress(ipv4: 0x22ca_0e99)
    private let wall: Int64 = 1_772_366_400_000

    @Test("an exchange is a request line with every field of the contract, the common ones first")
    func request() throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 2, listeners: ["0.0.0.0:443", "[::]:8443"])
        var verdict = ExchangeVerdict(peer: peer, port: 50_123, listener: 1, endedMilliseconds: wall)
        verdict.label = "Tier2Tickets"
        verdict.status = 201
        verdict.bytesIn = 512
        verdict.bytesOut = 128
        verdict.durationNanoseconds = 12_345_678
        verdict.upstreamNanoseconds = 1_000_999
        verdict.tls = .tls13
        request(verdict, with: journal.writer(worker: 1))
        #expect(journal.finishPatiently())
        #expect(
            file.text == """
                {"time":"2026-03-01T12:00:00.000Z","event":"request","stage":"proxy","peer":"34.202.14.153","listener":"[::]:8443",\
                "worker":1,"port":50123,"id":"01J","label":"Tier2Tickets","host":"tickets.example","method":"POST",\
                "path":"/api/tickets.json","status":201,"bytes_in":512,"bytes_out":128,\
                "duration_ms":12.345,"upstream":"http://10.0.0.5:8080","upstream_ms":1.000,"tls":"TLSv1.3",\
                "protocol":"HTTP/1.1","outcome":"completed"}

                """)
    }

    @Test("with access logging off, what was refused is still logged, with its reason")
    func refused() throws {
        let file = LogFile()
        var log = Settings.Log()
        log.access = false
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: ["0.0.0.0:443"], log: log)
        let writer = journal.writer(worker: 0)
        var verdict = ExchangeVerdict(peer: peer, listener: 0, endedMilliseconds: wall)
        request(verdict, with: writer)
        verdict.outcome = .refused
        verdict.stage = .http1
        verdict.reason = "repeated_host"
        verdict.status = 400
        request(verdict, with: writer)
        #expect(journal.finishPatiently())
        let lines = try file.lines()
        #expect(lines.count == 1)
        #expect(lines.first?["event"] as? String == "refused")
        #expect(lines.first?["reason"] as? String == "repeated_host")
        #expect(lines.first?["stage"] as? String == "http1")
        #expect(lines.first?["label"] == nil)
        #expect(lines.first?["tls"] == nil)
        #expect(lines.first?["upstream_ms"] == nil)
    }

    @Test("what few requests have stands at the end of their lines, each under its name")
    func rare() throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: [])
        let writer = journal.writer(worker: 0)
        let verdict = ExchangeVerdict(peer: peer, listener: 0, endedMilliseconds: wall)
        let (word, dropped, trace) = (Array("x".utf8), Array("api_key (name)".utf8), Array("4bf9".utf8))
        let agent = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000)
        writer.request(
            verdict,
            VerdictTexts(
                id: word.span, method: word.span, path: word.span, upstream: word.span, dropped: dropped.span, userAgent: agent.span,
                trace: trace.span))
        #expect(journal.finishPatiently())
        let line = try #require(try file.lines().first)
        #expect(line["dropped_fields"] as? String == "api_key (name)")
        #expect(line["user_agent"] as? String == String(repeating: "a", count: 255) + "…")
        #expect(line["trace"] as? String == "4bf9")
        #expect(line["cipher"] == nil && line["host"] == nil)
        #expect(line["port"] as? Int == 0)
    }

    @Test("a path that tries to be a line of its own stays inside its field, an endless one is cut")
    func hostilePath() throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: [])
        let writer = journal.writer(worker: 0)
        let verdict = ExchangeVerdict(peer: peer, listener: 0, endedMilliseconds: wall)
        request(verdict, path: Array("/\"}\n{\"event\":\"started\"}".utf8), with: writer)
        request(verdict, path: [UInt8](repeating: 0, count: 100_000), with: writer)
        #expect(journal.finishPatiently())
        let lines = try file.lines()
        #expect(lines.map { $0["event"] as? String } == ["request", "request"])
        #expect(lines.first?["path"] as? String == "/\"}\n{\"event\":\"started\"}")
        #expect(lines.last?["path"] as? String == String(repeating: "\0", count: 8192) + "…")
    }

    @Test("a source is denied once at length and then in a summary, and the counts add up")
    func denied() throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: ["0.0.0.0:443"])
        let writer = journal.writer(worker: 0)
        for _ in 0..<5 { writer.denied(peer: peer, listener: 0, reason: .notListed, wallMilliseconds: wall) }
        #expect(journal.finishPatiently())
        let lines = try file.lines()
        #expect(lines.map { $0["event"] as? String } == ["denied", "denied_summary"])
        #expect(lines.map { $0["count"] as? Int } == [1, 4])
        #expect(lines.allSatisfy { $0["peer"] as? String == "34.202.14.153" && $0["stage"] as? String == "admission" })
        #expect(lines[0]["listener"] as? String == "0.0.0.0:443")
        #expect(lines[1]["first"] as? String == "2026-03-01T12:00:00.000Z")
        #expect(lines[1]["sources"] as? Int == 1)
    }

    @Test("denials that find no room are counted all the same")
    func deniedWithoutRoom() throws {
        let inbox = try JournalInbox(workers: 1, ringBytes: 4096, listeners: [])
        let writer = JournalWriter(ring: inbox.rings[0], signal: inbox.signal, writesAccess: true)
        for index in 0..<1_000 {
            writer.denied(peer: PeerAddress(ipv4: UInt32(index)), listener: 0, reason: .notListed, wallMilliseconds: wall)
        }
        let lines = try finish(inbox)
        #expect(lines.compactMap { $0["count"] as? Int }.reduce(0, +) == 1_000)
        #expect(lines.last?["peer"] as? String == "others")
    }

    @Test("denials of which nothing but the number is known wake the journal, and are one summary")
    func unseen() throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: ["0.0.0.0:443"])
        let writer = journal.writer(worker: 0)
        writer.deniedUnseen(40, reason: .dropped)
        #expect(System.waitReadable(journal.denials.number, milliseconds: 10_000))
        writer.deniedUnseen(2, reason: .dropped)
        #expect(journal.finishPatiently())
        let lines = try file.lines()
        #expect(lines.count == 1)
        #expect(lines.first?["event"] as? String == "denied_summary")
        #expect(lines.first?["peer"] as? String == "others")
        #expect(lines.first?["reason"] as? String == "dropped")
        #expect(lines.first?["count"] as? Int == 42)
        #expect(journal.denials.take().map(\.count) == [42])
    }

    @Test("lines that find no room are reported by the next one")
    func droppedLines() throws {
        let inbox = try JournalInbox(workers: 1, ringBytes: 4096, listeners: [])
        let writer = JournalWriter(ring: inbox.rings[0], signal: inbox.signal, writesAccess: true)
        for _ in 0..<1_000 { request(ExchangeVerdict(peer: peer, listener: 0, endedMilliseconds: wall), with: writer) }
        let lines = try finish(inbox)
        #expect(lines.count + (lines.first?["dropped"] as? Int ?? 0) == 1_000)
    }

    @Test("if nothing follows what was dropped, a line of its own says so at the end")
    func droppedAtTheEnd() throws {
        let inbox = try JournalInbox(workers: 1, ringBytes: 4096, listeners: [])
        var pen = JournalRing.Writer(inbox.rings[0])
        _ = pen.begin(kind: 1, count: 0)
        pen.drop()
        let lines = try finish(inbox)
        #expect(lines.map { $0["event"] as? String } == ["dropped"])
        #expect(lines.first?["dropped"] as? Int == 1)
    }

    @Test("a failed handshake names the reason and the alert")
    func tlsFailed() throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: ["0.0.0.0:443"])
        let writer = journal.writer(worker: 0)
        writer.tlsFailed(peer: peer, listener: 0, reason: "no_shared_cipher", alert: 40, wallMilliseconds: wall)
        writer.tlsFailed(peer: peer, listener: 0, reason: "handshake_timeout", wallMilliseconds: wall)
        #expect(journal.finishPatiently())
        let lines = try file.lines()
        #expect(lines.map { $0["reason"] as? String } == ["no_shared_cipher", "handshake_timeout"])
        #expect(lines.map { $0["alert"] as? String } == ["handshake_failure", nil])
    }

    @Test("events of workers and of the control plane carry their fields")
    func events() throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 1, listeners: ["old"])
        journal.rename(listeners: ["127.0.0.1:41233"])
        journal.event("started", [JournalField("workers", 2), JournalField("version", "1.0\n")])
        journal.writer(worker: 0).event(
            "upstream_down", stage: .upstream, peer: peer, listener: 0, fields: [JournalField("reason", "refused"), JournalField("n", -3)],
            wallMilliseconds: wall)
        #expect(journal.finishPatiently())
        let lines = try file.lines()
        let started = try #require(lines.first { $0["event"] as? String == "started" })
        #expect(started["workers"] as? Int == 2)
        #expect(started["version"] as? String == "1.0\n")
        let down = try #require(lines.first { $0["event"] as? String == "upstream_down" })
        #expect(down["stage"] as? String == "upstream")
        #expect(down["listener"] as? String == "127.0.0.1:41233")
        #expect(down["reason"] as? String == "refused")
        #expect(down["n"] as? Int == -3)
    }

    @Test("many threads lose nothing, and each worker's lines keep their order")
    func concurrent() async throws {
        let file = LogFile()
        let journal = try Journal.start(descriptor: file.descriptor, workers: 4, listeners: [])
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let writer = journal.writer(worker: worker)
                    for number in 0..<500 {
                        writer.event("tick", fields: [JournalField("number", number)], wallMilliseconds: 0)
                    }
                    journal.event("done")
                }
            }
        }
        #expect(journal.finishPatiently())
        let lines = try file.lines()
        #expect(lines.count { $0["event"] as? String == "done" } == 4)
        for worker in 0..<4 {
            #expect(lines.filter { $0["worker"] as? Int == worker }.compactMap { $0["number"] as? Int } == Array(0..<500))
        }
    }

    @Test("each line wakes a journal that sleeps, whoever says it")
    func wakes() throws {
        let pipe = LogPipe()
        defer { pipe.close() }
        let journal = try Journal.start(descriptor: pipe.writer, workers: 1, listeners: [])
        let writer = journal.writer(worker: 0)
        for round in 0..<20 {
            if round % 2 == 0 { journal.event("tick") } else { writer.event("tick", wallMilliseconds: wall) }
            var entry = pollfd(fd: pipe.reader, events: Int16(POLLIN), revents: 0)
            try #require(unsafe poll(&entry, 1, 10_000) == 1)
            var bytes = [UInt8](repeating: 0, count: 1024)
            let count = unsafe read(pipe.reader, &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(count), as: UTF8.self).hasSuffix("}\n"))
        }
        #expect(journal.finishPatiently())
    }

    @Test("a reader of the log that never reads doesn't hold up the end for longer than allowed")
    func stuckReader() throws {
        let pipe = LogPipe()
        defer { pipe.close() }
        let journal = try Journal.start(descriptor: pipe.writer, workers: 1, listeners: [])
        let writer = journal.writer(worker: 0)
        for _ in 0..<2_000 { request(ExchangeVerdict(peer: peer, listener: 0, endedMilliseconds: wall), with: writer) }
        #expect(!journal.finish(timeoutMilliseconds: 30))
        pipe.closeReader()
        #expect(journal.finishPatiently())
    }

    private func request(_ verdict: ExchangeVerdict, path: [UInt8] = Array("/api/tickets.json".utf8), with writer: JournalWriter) {
        let id = Array("01J".utf8)
        let (method, upstream, host) = (Array("POST".utf8), Array("http://10.0.0.5:8080".utf8), Array("tickets.example".utf8))
        writer.request(
            verdict, VerdictTexts(id: id.span, method: method.span, path: path.span, upstream: upstream.span, host: host.span))
    }

    /// What the journal would write of this inbox and then end, without its thread.
    private func finish(_ inbox: JournalInbox) throws -> [[String: Any]] {
        let file = LogFile()
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        formatter.finish(now: Instant(nanoseconds: 1), wallMilliseconds: wall) { true }
        return try file.lines()
    }
}
