import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct DenialBookTests {
    private func denials(
        _ address: String?, _ count: UInt64, reason: DenialReason = .notListed, at time: WallTime = GrantScene.start, sources: Int = 1
    ) throws -> DenialSummary {
        DenialSummary(
            peer: try address.map(peer), reason: reason, count: count, firstMilliseconds: time.milliseconds,
            lastMilliseconds: time.milliseconds, sources: sources)
    }

    private func report(_ scene: GrantScene, seconds: Int = 86_400, top: Int = 50) throws -> DenialReport {
        try DenialTable.report(
            try DenialQuery(seconds: seconds, top: top), grants: try scene.book.history(), at: scene.now, from: scene.ledger.connection)
    }

    private func rowCount(_ scene: GrantScene) throws -> Int64 { try scene.ledger.connection.number("SELECT count(*) FROM denials") }

    @Test("counts of one source add up over its reasons, its hours and the writes, with the first and the last moment")
    func addition() throws {
        let scene = try GrantScene()
        let book = DenialBook(scene.ledger)
        let earlier = scene.now.advanced(byMilliseconds: -7_200_000)
        try book.record([denials("192.0.2.1", 3, at: earlier), denials("192.0.2.2", 4)], at: scene.now)
        try book.record([denials("192.0.2.1", 2), denials("192.0.2.1", 1, reason: .connectionsPerSource)], at: scene.now)
        try book.record([denials("192.0.2.1", 5)], at: scene.now)
        let report = try report(scene)
        #expect(report.sources.map(\.address.description) == ["192.0.2.1", "192.0.2.2"])
        #expect(report.sources.map(\.denials.count) == [11, 4])
        let first = try #require(report.sources.first?.denials)
        #expect(first.reasons == [.init(word: "not_listed", count: 10), .init(word: "connections_per_source", count: 1)])
        #expect((first.first, first.last) == (earlier, scene.now))
        #expect(report.total == 15)
        #expect(try rowCount(scene) == 4)
    }

    @Test("sources beyond an hour's rows are counted together, known ones go on in theirs, and everything adds up")
    func manySources() throws {
        let scene = try GrantScene()
        let bounds = DenialTable.Bounds(rowsMax: 1_000, hourRowsMax: 50, days: 90)
        for round in 0..<3 {
            let flood = try (0..<200).map { try denials("10.0.\(round).\($0)", 1) }
            let known = try denials("10.0.0.0", 5)
            try DenialTable.add(flood + [known, denials(nil, 7, sources: 3)], at: scene.now, bounds: bounds, to: scene.ledger.connection)
        }
        #expect(try rowCount(scene) == 51)
        let report = try report(scene, top: 10)
        #expect(report.total == 3 * (200 + 5 + 7))
        // So many of one network are told of as one.
        #expect(report.sources.isEmpty)
        #expect(report.networks.map(\.prefix.description) == ["10.0.0.0/24"])
        #expect(report.networks.first?.addresses == 50)
        #expect(report.networks.first?.denials.count == Int64(65))
        #expect(report.lines.map { $0.prefix { $0 != " " } } == ["10.0.0.0/24", "others", "total"])
        #expect(report.lines.first?.hasSuffix("  50 addresses") == true, "\(report.lines)")
        // 200 addresses of a later round and 3 of the aggregator's own.
        #expect(report.others?.sourcesAtLeast == 203)
    }

    @Test("a listed source is told apart in a network of many addresses, and a doctor hears of the network too")
    func listed() throws {
        let scene = try GrantScene()
        try DenialBook(scene.ledger).record((1...40).map { try denials("192.0.2.\($0)", 1) }, at: scene.now)
        let vendor = Settings.AllowEntry(prefix: try AddressPrefix(parsing: "192.0.2.7"), label: "Vendor")
        let report = try DenialBook(scene.ledger).report(
            try DenialQuery(seconds: 86_400, top: 50), grants: [], listing: { vendor.prefix.contains($0) ? vendor : nil }, at: scene.now)
        #expect(report.sources.map(\.address.description) == ["192.0.2.7"] && report.sources.first?.listedAs == "Vendor")
        #expect(report.networks.map(\.addresses) == [39] && report.total == 40)
        let tally = DenialTally(report.json)
        #expect(tally.networks == [.init(prefix: try AddressPrefix(parsing: "192.0.2.0/24"), count: 39)] && tally.total == 40)
    }

    @Test("the oldest hours go first, and rows older than 90 days in any case")
    func pruning() throws {
        let scene = try GrantScene()
        let bounds = DenialTable.Bounds(rowsMax: 25, hourRowsMax: 10, days: 90)
        func add(hoursAgo: Int64, _ count: Int) throws {
            let time = scene.now.advanced(byMilliseconds: -hoursAgo * 3_600_000)
            let some = try (0..<count).map { try denials("10.\(hoursAgo % 200).0.\($0)", 1, at: time) }
            try DenialTable.add(some, at: scene.now, bounds: bounds, to: scene.ledger.connection)
        }
        try add(hoursAgo: 91 * 24, 5)
        #expect(try rowCount(scene) == 0)
        try add(hoursAgo: 89 * 24, 5)
        #expect(try rowCount(scene) == 5)
        for hours in [30, 20, 10] as [Int64] { try add(hoursAgo: hours, 8) }
        #expect(try rowCount(scene) == 24)
        #expect(try scene.ledger.connection.number("SELECT min(hour) FROM denials") == (scene.now.milliseconds / 3_600_000) - 30)
        scene.pass(seconds: 91 * 86_400)
        try add(hoursAgo: 0, 1)
        #expect(try rowCount(scene) == 1)
    }

    @Test("only who came since then is told of")
    func since() throws {
        let scene = try GrantScene()
        let book = DenialBook(scene.ledger)
        for (address, hours) in [("192.0.2.1", 1), ("192.0.2.2", 5), ("192.0.2.3", 48)] as [(String, Int64)] {
            try book.record([denials(address, 1, at: scene.now.advanced(byMilliseconds: -hours * 3_600_000))], at: scene.now)
        }
        #expect(try report(scene, seconds: 2 * 3600).sources.map(\.address.description) == ["192.0.2.1"])
        #expect(try report(scene).total == 2)
        #expect(try report(scene, seconds: 90 * 86_400).total == 3)
        #expect(try report(scene, seconds: 60).lines == ["nobody was denied since 2027-01-15T07:59:00Z"])
    }

    @Test("who asks for the newest rows only isn't told of older ones")
    func newestRows() throws {
        let scene = try GrantScene()
        let book = DenialBook(scene.ledger)
        let hourAgo = scene.now.advanced(byMilliseconds: -3_600_000)
        try book.record((0..<10).map { try denials("10.0.0.\($0)", 100, at: hourAgo) }, at: scene.now)
        try book.record((0..<5).map { try denials("192.0.2.\($0)", 1) }, at: scene.now)
        let query = try DenialQuery(seconds: 86_400, top: 50)
        let newest = try book.report(query, rowsMax: 5, grants: [], at: scene.now)
        #expect(Set(newest.sources.map(\.address.description)) == Set((0..<5).map { "192.0.2.\($0)" }))
        #expect(try book.report(query, rowsMax: 12, grants: [], at: scene.now).total == 705)
        #expect(try book.report(query, grants: [], at: scene.now).total == 1_005)
    }

    @Test("a source that was granted, is granted or whose entry had ended is labelled so")
    func labels() throws {
        let scene = try GrantScene()
        try scene.grant("192.0.2.1", seconds: 10)
        try scene.grant("192.0.2.0/28", seconds: 3600)
        scene.pass(seconds: 20)
        _ = scene.expire()
        #expect(scene.book.revoke(try prefix("192.0.2.0/28"), by: GrantScene.bob, at: scene.now) != nil)
        try scene.grant("198.51.100.7")
        let book = DenialBook(scene.ledger)
        try book.record(
            [
                denials("192.0.2.1", 5), denials("192.0.2.9", 4), denials("198.51.100.7", 3), denials("203.0.113.1", 2, reason: .expired),
                denials("203.0.113.2", 1),
            ], at: scene.now)
        #expect(try report(scene).sources.map(\.label) == [.wasGranted, .wasGranted, .isGranted, .expired, nil])
    }

    @Test("packets that the kernel dropped are no connections, and stand apart")
    func packets() throws {
        let scene = try GrantScene()
        let book = DenialBook(scene.ledger)
        try book.record(
            [denials("192.0.2.1", 2), denials(nil, 7, sources: 3), denials(nil, 4711, reason: .dropped, sources: 0)], at: scene.now)
        let report = try report(scene)
        #expect(report.total == 9)
        #expect(report.others?.denials.reasons == [.init(word: "not_listed", count: 7)])
        #expect(report.packets?.count == 4711)
        #expect(report.lines.last?.hasPrefix("dropped by the kernel: 4711 packets, several for each attempt to connect") == true)
        #expect(report.json["packets"]?["count"]?.integer == 4711)
        let alone = try GrantScene()
        try DenialBook(alone.ledger).record([denials(nil, 1, reason: .dropped, sources: 0)], at: alone.now)
        #expect(try self.report(alone).lines.first?.hasPrefix("dropped by the kernel: 1 packet, ") == true)
    }

    @Test("the text is aligned, and its total is the sum of what stands above it")
    func text() throws {
        let scene = try GrantScene()
        let book = DenialBook(scene.ledger)
        try book.record(
            [
                denials("2001:db8::1", 1200), denials("192.0.2.1", 30, reason: .expired), denials("192.0.2.1", 4), denials("192.0.2.2", 1),
                denials(nil, 7, reason: .connections, sources: 0),
            ], at: scene.now)
        let time = "2027-01-15T08:00:00Z"
        #expect(
            try report(scene, top: 2).lines == [
                "2001:db8::1  1200  not_listed  first \(time)  last \(time)",
                "192.0.2.1      34  expired 30, not_listed 4  first \(time)  last \(time)  expired",
                "others          7  connections  first \(time)  last \(time)",
                "not shown       1  1 address",
                "total        1242  since 2027-01-14T08:00:00Z",
            ])
        let json = try report(scene, top: 2).json
        #expect(json["total"]?.integer == 1242)
        guard case .array(let sources)? = json["sources"] else { throw Failure("no sources in \(json.text)") }
        #expect(
            sources.last?.text.hasPrefix(#"{"address":"192.0.2.1","count":34,"reasons":{"expired":30,"not_listed":4},"first_at":"#) == true)
        #expect(json["not_shown"]?.text == #"{"count":1,"sources":1}"#)
    }

    @Test("the largest answer fits in an answer of the control socket")
    func largest() throws {
        var report = DenialReport(since: GrantScene.start)
        let reasons = DenialReason.allCases.map { DenialReport.Reason(word: "\($0.word)", count: .max / 100_000) }
        report.sources = (0..<DenialQuery.topMax).map { index in
            let address = PeerAddress(high: .max, low: .max - UInt64(index))
            let denials = DenialReport.Denials(count: .max / 100_000, reasons: reasons, first: GrantScene.start, last: GrantScene.start)
            return DenialReport.Source(address: address, denials: denials, label: .wasGranted)
        }
        let answer = try #require(JSONReader.read(report.reply.line.dropLast()))
        #expect(answer["ok"]?.boolean == true)
    }

    @Test("a disk that refuses costs nothing that was counted: all of it is written when the disk can be")
    func brokenDisk() throws {
        let scene = try GrantScene()
        let book = DenialBook(scene.ledger)
        try book.record([denials("192.0.2.1", 1)], at: scene.now)
        // Another process holds the database: every write fails until it lets go.
        let other = try SQLConnection(path: scene.path)
        try other.execute("BEGIN IMMEDIATE")
        let waiting = try [denials("192.0.2.1", 2), denials("192.0.2.2", 3)]
        #expect { try book.record(waiting, at: scene.now) } throws: { ($0 as? LedgerError)?.cause == .busy }
        #expect(book.failure?.cause == .busy)
        #expect(book.unrecordedCount == 5)
        let query = try DenialQuery(seconds: 60, top: 10)
        let report = try book.report(query, grants: [], at: scene.now)
        #expect(report.total == 1)
        #expect(report.lines.first == "warning: 5 more denials wait for the disk: another process holds \(scene.path)")
        try other.execute("ROLLBACK")
        try book.record(waiting, at: scene.now)
        #expect(book.failure == nil)
        #expect(try book.report(query, grants: [], at: scene.now).total == 6)
    }

    @Test("a full disk takes all of a write or nothing of it")
    func fullDisk() throws {
        let scene = try GrantScene()
        let book = DenialBook(scene.ledger)
        try book.record([denials("192.0.2.1", 1)], at: scene.now)
        try scene.fillDisk()
        let flood = try (0..<2_000).map { try denials("10.0.\($0 / 250).\($0 % 250)", 1) }
        #expect { try book.record(flood, at: scene.now) } throws: { ($0 as? LedgerError)?.cause == .full }
        #expect(try report(scene).total == 1)
        try scene.freeDisk()
        try book.record(flood, at: scene.now)
        #expect(try report(scene).total == 2_001)
    }

    @Test("rows that another hand has written harm nothing, and the total is still the sum")
    func foreignRows() throws {
        let scene = try GrantScene()
        for (address, reason) in [("nobody", "x"), ("192.0.2.1", "\u{1b}[2J"), ("\u{1b}[2J", "a b c"), ("192.0.2.2", "not_listed")] {
            try scene.ledger.connection.execute(
                "INSERT INTO denials VALUES (?, ?, ?, 10, ?, ?, 1)",
                [
                    .number(scene.now.milliseconds / 3_600_000), .text(address), .text(reason), .number(scene.now.milliseconds),
                    .number(scene.now.milliseconds),
                ])
        }
        let report = try report(scene)
        #expect(report.total == 40)
        #expect(report.sources.map(\.address.description) == ["192.0.2.1", "192.0.2.2"])
        #expect(!report.lines.joined().unicodeScalars.contains("\u{1b}"))
    }

    // MARK: The ledger's form

    @Test("a ledger of form 3 gets the table, and keeps its grants and its trial")
    func migration() throws {
        var scene: GrantScene? = try GrantScene()
        let folder = try #require(scene).folder
        try scene?.grant("192.0.2.1")
        let pending = PendingConfiguration(
            file: "/a.yaml", text: Array("allow: []".utf8), endsAt: GrantScene.start, askedBy: GrantScene.alice)
        if let connection = scene?.ledger { try PendingConfigurationTable.write(pending, to: connection.connection) }
        try scene?.ledger.connection.execute("DROP TABLE denials")
        try scene?.ledger.connection.execute("ALTER TABLE grants DROP COLUMN label")
        try scene?.ledger.connection.execute("ALTER TABLE runs DROP COLUMN untold_since")
        try scene?.ledger.connection.execute("PRAGMA user_version = 3")
        scene = nil
        // Who reads without the service changes nothing, and finds nobody.
        let query = try DenialQuery(seconds: 60, top: 1)
        #expect(try LedgerReading.denials(query, folder: folder.path, at: GrantScene.start).total == 0)
        let next = try GrantScene(folder: folder)
        #expect(next.active == ["192.0.2.1"])
        #expect(try PendingConfigurationTable.read(from: next.ledger.connection) == pending)
        #expect(try next.ledger.connection.number("PRAGMA user_version") == LedgerFile.version)
        try DenialBook(next.ledger).record([denials("192.0.2.9", 2)], at: next.now)
        #expect(try report(next).total == 2)
    }

    @Test("a ledger is read beside the service that writes it, and can't be written that way")
    func reading() throws {
        let scene = try GrantScene()
        try DenialBook(scene.ledger).record([denials("192.0.2.9", 2)], at: scene.now)
        let query = try DenialQuery(seconds: 60, top: 1)
        #expect(try LedgerReading.denials(query, folder: scene.folder.path, at: scene.now).total == 2)
        let connection = try SQLConnection(path: scene.path, access: .reading)
        #expect(throws: LedgerError.self) { try connection.execute("DELETE FROM denials") }
        #expect(throws: LedgerError.self) { try LedgerReading.denials(query, folder: "/nonexistent", at: scene.now) }
        try scene.ledger.connection.execute("PRAGMA user_version = 99")
        #expect { try LedgerReading.denials(query, folder: scene.folder.path, at: scene.now) } throws: {
            ($0 as? LedgerError)?.cause == .newer
        }
    }
}
