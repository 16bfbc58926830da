import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The digest")
struct DigestMakerTests {
    private let scene: ServiceScene

    init() throws {
        scene = try ServiceScene(allow: "[{address: 192.0.2.1, label: Vendor}, 192.0.2.2]", "digest: \"07:00\"")
    }

    private func deny(_ address: String?, _ count: UInt64, _ reason: DenialReason = .notListed) throws {
        let at = scene.now.milliseconds
        scene.plane.denials.append(
            DenialSummary(
                peer: try address.map { try PeerAddress(parsing: $0) }, reason: reason, count: count, firstMilliseconds: at,
                lastMilliseconds: at, sources: 1))
    }

    private func digest(_ seconds: Int = 86_400) throws -> DigestReport {
        try scene.service.digest(try DigestQuery(seconds: seconds), at: scene.now)
    }

    private func turn(hours: Int) {
        for _ in 0..<hours {
            scene.clock.turn(milliseconds: 3_600_000)
            scene.pass()
        }
    }

    @Test("its sums are those of what was counted, hour by hour, and what came before isn't in them")
    func sums() throws {
        scene.plane.requests["Vendor"] = 5
        try deny("198.51.100.1", 7)
        turn(hours: 30)
        scene.plane.requests["Vendor"] = 12
        try deny("198.51.100.1", 2)
        try deny("198.51.100.2", 40)
        try deny("192.0.2.77", 1)
        for _ in 0..<9 { scene.plane.tally?.countTLSFailure("x") }
        let report = try digest()
        #expect(report.sources.map(\.name) == ["Vendor"] && report.sources[0].traffic.succeeded == 7 && !report.sources[0].isNew)
        #expect(report.deniedCount == 43 && report.door.tlsFailures == 9)
        #expect(report.strangerCount == 3 && report.newStrangerCount == 2)
        #expect(report.strangers.first { $0.nearness != nil }?.address.description == "192.0.2.77")
        #expect(report.neverSeen == ["192.0.2.2"])
        let denials = try scene.service.denials(try DenialQuery(seconds: 86_400, top: 50), at: scene.now)
        #expect(denials.total == report.deniedCount)
        #expect(try digest(60 * 86_400).deniedCount == 50)
        #expect(try digest(60 * 86_400).sources[0].traffic.succeeded == 12)
    }

    @Test("it is one screen whatever happened, and nothing in it acts on a terminal")
    func screen() throws {
        let names = (0..<50).map { "a rather long label \u{1b}[31m of a source \($0)" }
        for (index, name) in names.enumerated() { scene.plane.requests[name] = 10 + index }
        for number in 0..<600 { try deny("198.\(18 + number % 5).\(number % 7).\(number % 251)", UInt64(1 + number % 9)) }
        try deny(nil, 1_000_000, .dropped)
        turn(hours: 1)
        for number in 0..<20 {
            try scene.write(ServiceScene.text(allow: "[192.0.2.\(number + 1)]"))
            _ = scene.service.reload(askedBy: "alice", at: scene.now)
        }
        let lines = DigestText(report: try digest()).lines
        #expect(lines.count <= DigestText.linesMax, "\(lines.count)")
        for line in lines { #expect(line.count <= DigestText.columnsMax && !line.unicodeScalars.contains { $0.value < 0x20 }, "\(line)") }
        #expect(lines.contains { $0.hasPrefix("changed: ") && $0.contains("by alice: allow: + 192.0.2.20") })
        #expect(lines.contains { $0.contains("43 sources more") || $0.contains("and 43") })
    }

    @Test("each morning at the time that is written it is in the log once, after a restart too")
    func daily() throws {
        func digests() -> Int { scene.plane.takeEvents().count { $0.hasPrefix("digest since=") } }
        turn(hours: 72)
        #expect(digests() == 3)
        // Another process, an hour after the time: it was told.
        let next = DailyDigest(of: scene.configuration, parts: scene.service.parts, at: scene.now)
        next.pass(at: scene.clock.now)
        #expect(digests() == 0)
        // And one that begins half a day after the last one that ran: it was due meanwhile.
        scene.clock.turn(milliseconds: 26 * 3_600_000)
        let late = DailyDigest(of: scene.configuration, parts: scene.service.parts, at: scene.now)
        late.pass(at: scene.clock.now)
        #expect(digests() == 1)
        late.pass(at: scene.clock.now)
        #expect(digests() == 0)
    }

    @Test("with off there is none")
    func off() throws {
        let quiet = try ServiceScene("digest: off")
        for _ in 0..<48 {
            quiet.clock.turn(milliseconds: 3_600_000)
            quiet.pass()
        }
        #expect(!quiet.plane.takeEvents().contains { $0.hasPrefix("digest") })
    }

    @Test("a process that ended without a word is told of, and one that ended as it should isn't")
    func killed() throws {
        let folder = try ScratchFolder()
        let ledger = ServiceLedger(folder: folder.path, at: scene.now)
        let (dead, ended, own) = (ledger.beginRun(at: scene.now), ledger.beginRun(at: scene.now), ledger.beginRun(at: scene.now))
        _ = ledger.record(.init(), run: ended, at: scene.now, prunes: false, isLast: true)
        let runs = ledger.runs(since: scene.now, but: own)
        #expect(dead != nil && runs.map { $0.ended == nil } == [true, false])
        turn(hours: 1)
        #expect(try digest().missing.isEmpty)
        _ = scene.ledger?.beginRun(at: scene.now)
        #expect(try digest().missing.count == 1)
    }

    @Test("while nobody reads the log, those of whom it hasn't been told are said to be missing, as after a kill meanwhile")
    func unread() throws {
        try deny("198.51.100.1", 2)
        for _ in 0..<5 { scene.plane.tally?.count(.notListed) }
        #expect(try digest().missing.isEmpty, "a moment's delay is nothing")
        scene.plane.logTrouble = JournalTrouble(reason: "a full disk", linesLost: 9, sinceMilliseconds: scene.now.milliseconds)
        #expect(try digest().missing.isEmpty, "lines that are lost are counted")
        scene.plane.logTrouble = JournalTrouble(
            reason: "nobody reads", linesLost: 0, sinceMilliseconds: scene.now.milliseconds, isStalled: true)
        let since = scene.now.text
        #expect(try digest().missing == ["3 connections turned away since \(since) aren't counted yet: nobody reads"])
        let denials = try scene.service.denials(try DenialQuery(seconds: 86_400, top: 50), at: scene.now)
        #expect(denials.total == 2 && denials.warning?.hasPrefix("3 connections") == true)
        scene.clock.turn(milliseconds: 1_000)
        scene.pass()
        let runs = try #require(scene.ledger).runs(since: scene.now.advanced(byMilliseconds: -3_600_000), but: nil)
        #expect(runs.map(\.untoldSince?.text) == [since])
        scene.plane.logTrouble = nil
        try deny("198.51.100.1", 3)
        #expect(try digest().missing.isEmpty && digest().deniedCount == 5)
        #expect(try #require(scene.ledger).runs(since: scene.now.advanced(byMilliseconds: -3_600_000), but: nil)[0].untoldSince == nil)
    }

    @Test("a notice of it is one that is delivered once, after what is wrong, and has no address that is near to a listed one")
    func notice() throws {
        try deny("192.0.2.77", 3)
        let report = try digest()
        #expect(DigestText(report: report).lines.contains { $0.contains("192.0.2.77") && $0.contains("same /24 as 192.0.2.1 (Vendor)") })
        let text = DigestText(report: report, isNotice: true)
        #expect(!text.body.contains { $0.contains("192.0.2.77") })
        var mailbox = Mailbox(Notifier(way: .program("/a")))
        mailbox.follow([Problem(.allowListEmpty, "x", cure: "y", since: scene.now)], at: scene.clock.now.instant)
        mailbox.bring(Notice.Digest(title: text.title, lines: text.body))
        let first = mailbox.take(at: scene.clock.now.instant)
        #expect(first?.event == "problem")
        _ = mailbox.finish(nil, at: scene.clock.now)
        let second = mailbox.take(at: scene.clock.now.instant)
        let notice = try #require(second)
        #expect(notice.event == "digest")
        let json = try #require(JSONReader.read(NoticeBody(notice, as: .json, host: "door", at: scene.now).bytes))
        #expect(json.string("text")?.contains("turned away: 3 connections") == true)
        _ = mailbox.finish(nil, at: scene.clock.now)
        #expect(mailbox.next == nil)
    }
}
