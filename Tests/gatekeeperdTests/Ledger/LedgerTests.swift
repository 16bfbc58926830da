import CLinux
import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct LedgerTests {
    private func names(in folder: ScratchFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test("the folder and the file are made for the owner, readable for the group")
    func modes() throws {
        let parent = try ScratchFolder()
        let folder = parent.file("state")
        _ = try Ledger(folder: folder, at: GrantScene.start)
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(folder).map { $0 & 0o027 } == 0)
        #expect(try mode(folder + "/ledger.sqlite").map { $0 & 0o137 } == 0)
    }

    @Test(
        "a change is kept up to a length, whatever its letters are made of",
        arguments: ["x", "ä", "नमस्ते", "🇩🇪", "👩‍👩‍👧‍👦", "e" + String(repeating: "\u{301}", count: 40)])
    func longChange(letters: String) throws {
        let folder = try ScratchFolder()
        let ledger = ServiceLedger(folder: folder.path, at: GrantScene.start)
        for count in [1, 40, 3_000] {
            let text = String(repeating: letters, count: count)
            ledger.record(RecordedChange(at: GrantScene.start, requester: letters, text: text))
            let kept = try #require(ledger.changes(since: GrantScene.start).last?.text)
            #expect(kept == text || kept.utf8.count <= 1_003 && kept.hasSuffix("…"))
        }
    }

    @Test("a damaged database is set aside with its bytes, and a new one is begun", arguments: ["header", "middle", "text", "cut"])
    func corrupt(how: String) throws {
        var scene: GrantScene? = try GrantScene()
        let folder = try #require(scene).folder
        for number in 1...200 { try scene?.grant("10.0.0.\(number)", reason: String(repeating: "x", count: 200)) }
        scene = nil
        let url = URL(fileURLWithPath: folder.file("ledger.sqlite"))
        var bytes = [UInt8](try Data(contentsOf: url))
        try #require(bytes.count > 20_000)
        switch how {
        case "header": bytes.replaceSubrange(0..<100, with: repeatElement(0x55, count: 100))
        case "middle": bytes.replaceSubrange(4096..<16_384, with: repeatElement(0x55, count: 12_288))
        case "text":
            bytes = Array("this is no database, but it is longer than a header would be. ".utf8) + Array(repeating: 0x20, count: 4096)
        default: bytes.removeLast(bytes.count / 2)
        }
        try Data(bytes).write(to: url)
        let next = try GrantScene(folder: folder)
        let setAside = folder.file("ledger.sqlite.corrupt-20270115T080000Z")
        #expect(next.ledger.setAside == setAside)
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: setAside))) == bytes)
        #expect(next.active.isEmpty)
        #expect(try next.grant("192.0.2.1").change == .made)
        #expect(try GrantScene(folder: folder).active == ["192.0.2.1"])
    }

    @Test("a second damaged database doesn't replace the first that was set aside")
    func corruptTwice() throws {
        let folder = try ScratchFolder()
        for _ in 1...2 {
            try Data("no database at all, twice".utf8).write(to: URL(fileURLWithPath: folder.file("ledger.sqlite")))
            #expect(try Ledger(folder: folder.path, at: GrantScene.start).setAside != nil)
        }
        #expect(try names(in: folder).filter { $0.contains("corrupt") }.count == 2)
    }

    @Test("a database of a newer version is refused and not touched")
    func newer() throws {
        var scene: GrantScene? = try GrantScene()
        let folder = try #require(scene).folder
        try scene?.ledger.connection.execute("PRAGMA user_version = 99")
        scene = nil
        let url = URL(fileURLWithPath: folder.file("ledger.sqlite"))
        let before = try Data(contentsOf: url)
        #expect { try Ledger(folder: folder.path, at: GrantScene.start) } throws: { ($0 as? LedgerError)?.cause == .newer }
        #expect(try Data(contentsOf: url) == before)
        #expect(try !names(in: folder).contains { $0.contains("corrupt") })
    }

    @Test("a database of an older form is brought to the present one, with what is in it")
    func migration() throws {
        var scene: GrantScene? = try GrantScene()
        let folder = try #require(scene).folder
        try scene?.grant("192.0.2.1")
        for object in ["INDEX grants_current", "TABLE trial", "TABLE denials"] { try scene?.ledger.connection.execute("DROP \(object)") }
        try scene?.ledger.connection.execute("ALTER TABLE grants DROP COLUMN label")
        try scene?.ledger.connection.execute("ALTER TABLE runs DROP COLUMN untold_since")
        try scene?.ledger.connection.execute("PRAGMA user_version = 1")
        scene = nil
        let next = try GrantScene(folder: folder)
        #expect(next.active == ["192.0.2.1"])
        #expect(try next.ledger.connection.number("PRAGMA user_version") == LedgerFile.version)
        #expect(try next.ledger.connection.number("SELECT count(*) FROM sqlite_schema WHERE name = 'grants_current'") == 1)
    }

    @Test("a ledger of each older form comes to the present one, and takes a run and what came", arguments: 0..<Int(LedgerFile.version))
    func olderForm(version: Int) throws {
        let folder = try ScratchFolder()
        try Data().write(to: URL(fileURLWithPath: folder.file(LedgerFile.name)))
        do {
            let connection = try SQLConnection(path: folder.file(LedgerFile.name))
            for step in LedgerFile.migrations[..<version] { try connection.execute(step) }
            try connection.execute("PRAGMA user_version = \(version)")
        }
        let ledger = ServiceLedger(folder: folder.path, at: GrantScene.start)
        let run = try #require(ledger.beginRun(at: GrantScene.start))
        var traffic = ServiceLedger.TrafficSince()
        traffic.sources[GrantScene.start.hour] = ["Vendor": TrafficHour(succeeded: 3)]
        traffic.door[GrantScene.start.hour] = DoorHour(milliseconds: 1_000)
        #expect(ledger.record(traffic, run: run, untoldSince: GrantScene.start, at: GrantScene.start, prunes: false, isLast: false))
        #expect(ledger.runs(since: GrantScene.start, but: nil).map(\.untoldSince) == [GrantScene.start])
        #expect(ledger.trafficHours(since: GrantScene.start.hour).first?.sources["Vendor"]?.succeeded == 3)
    }

    @Test("a step that ledgers have gone by is as it was: they don't go by it again")
    func steps() {
        let first = LedgerFile.migrations.prefix(14).map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        #expect(Fingerprint.sha256(of: Array(first.joined(separator: ";").utf8)).prefix(16) == "3692e44beb402724")
    }

    @Test("that what came can't be written is a trouble until it can be")
    func traffic() throws {
        let folder = try ScratchFolder()
        let ledger = ServiceLedger(folder: folder.path, at: GrantScene.start)
        let run = try #require(ledger.beginRun(at: GrantScene.start))
        func record() -> Bool {
            let traffic = ServiceLedger.TrafficSince()
            return ledger.record(traffic, run: run, at: GrantScene.start, prunes: false, isLast: false)
        }
        try ledger.ledger?.connection.execute("ALTER TABLE runs RENAME TO others")
        #expect(!record())
        let troubles = ledger.troubles
        #expect(troubles.map(\.subject) == ["traffic"] && troubles[0].text.hasPrefix("what comes in each hour waits for the disk: "))
        try ledger.ledger?.connection.execute("ALTER TABLE others RENAME TO runs")
        #expect(record() && ledger.troubles.isEmpty)
    }

    @Test("rows that another hand has written admit nobody, and harm nothing")
    func foreignRows() throws {
        let scene = try GrantScene()
        for address in ["0.0.0.0/0", "everybody", "192.0.2.1/24", ""] {
            try scene.ledger.connection.execute(
                "INSERT INTO grants (address, reason, made_at, made_by, ends_at) VALUES (?, 'x', 0, 0, 9000000000000000)",
                [.text(address)])
        }
        try scene.ledger.connection.execute(
            "INSERT INTO grants (address, reason, made_at, made_by, ends_at) VALUES ('192.0.2.7', 'x', 0, -1, 9000000000000000)")
        let next = try GrantScene(folder: scene.folder)
        #expect(next.active.isEmpty)
        #expect(next.expire().isEmpty)
        #expect(try next.book.history().isEmpty)
        #expect(try next.grant("192.0.2.9").change == .made)
    }

    @Test("a folder that can't be made, and a file that is none, are errors with a name", arguments: ["file", "folder", "link"])
    func unusable(what: String) throws {
        let folder = try ScratchFolder(["file": "", "target": ""])
        var state = folder.path
        switch what {
        case "file": state = folder.file("file")
        case "folder": try FileManager.default.createDirectory(atPath: folder.file("ledger.sqlite"), withIntermediateDirectories: false)
        default:
            try FileManager.default.createSymbolicLink(atPath: folder.file("ledger.sqlite"), withDestinationPath: folder.file("target"))
        }
        #expect { try Ledger(folder: state, at: GrantScene.start) } throws: { error in
            guard let error = error as? LedgerError else { return false }
            return error.cause == .broken && error.message.contains(state)
        }
    }

    @Test("a process that is killed while it writes leaves every grant that it had confirmed", arguments: [1, 7, 40])
    func killed(confirmed: Int) async throws {
        let folder = try ScratchFolder()
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, confirmed = confirmed as Int] in
            let ledger = try Ledger(folder: path, at: GrantScene.start)
            let book = try GrantBook(ledger)
            for number in 1...confirmed {
                let request = try GrantRequest(address: "10.0.0.\(number)", seconds: 3600, reason: "confirmed")
                _ = try book.grant(request, by: GrantScene.alice, at: GrantScene.start)
            }
            // In the middle of the next one.
            try ledger.connection.execute("BEGIN IMMEDIATE")
            let request = try GrantRequest(address: "192.0.2.1", seconds: 3600, reason: "torn")
            _ = try GrantTable.insert(
                request, by: GrantScene.alice, at: GrantScene.start, endsAt: GrantScene.start, into: ledger.connection)
            kill(getpid(), SIGKILL)
        }
        let after = try GrantScene(folder: folder)
        #expect(after.ledger.setAside == nil)
        #expect(after.active.count == confirmed)
        #expect(!after.active.contains("192.0.2.1"))
        #expect(try after.grant("192.0.2.1").change == .made)
    }

    @Test("a process that is killed at any moment leaves a whole database", arguments: [1, 2, 3, 4, 5])
    func killedAnywhere(round: Int) async throws {
        let folder = try ScratchFolder()
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, round = round as Int] in
            let book = try GrantBook(try Ledger(folder: path, at: GrantScene.start))
            // Kills after so much processor time, wherever the writer is then.
            signal(SIGVTALRM) { _ in kill(getpid(), SIGKILL) }
            var time = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: 0, tv_usec: suseconds_t(2000 * round)))
            // SAFETY: the kernel reads one structure.
            unsafe setitimer(__itimer_which_t(ITIMER_VIRTUAL.rawValue), &time, nil)
            var number = 0
            while true {
                number += 1
                let address = "10.1.\(number / 200 % 200).\(number % 200)"
                let request = try GrantRequest(address: address, seconds: 3600, reason: "x")
                _ = try book.grant(request, by: GrantScene.alice, at: GrantScene.start)
                _ = book.revoke(request.address, by: GrantScene.alice, at: GrantScene.start)
            }
        }
        let after = try GrantScene(folder: folder)
        #expect(after.ledger.setAside == nil)
        // The one that was being written when the end came, if any.
        #expect(after.active.count <= 1)
        #expect(try after.grant("192.0.2.1").change == .made)
    }
}
