import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct FullDiskTests {
    /// Fills the page that has room.
    private func fill(_ scene: GrantScene) throws {
        try scene.fillDisk()
        for number in 1...250 {
            do {
                try scene.grant("10.9.0.\(number)", reason: String(repeating: "x", count: 200))
            } catch { return }
        }
        Issue.record("the disk never filled up")
    }

    @Test("a full disk refuses a grant by name, and changes nothing")
    func grant() throws {
        let scene = try GrantScene()
        try scene.grant("192.0.2.1")
        try fill(scene)
        let before = scene.active
        do {
            try scene.grant("192.0.2.2", reason: String(repeating: "y", count: 200))
            Issue.record("granted")
        } catch let error as LedgerError {
            #expect(error.cause == .full)
            #expect(error.message == "there is no room left for \(scene.path)")
        }
        #expect(scene.active == before)
        try scene.freeDisk()
        #expect(try scene.grant("192.0.2.2").change == .made)
        #expect(scene.book.failure == nil)
    }

    @Test("a grant ends on a disk that can't be written, and is recorded when it can")
    func endings() throws {
        let scene = try GrantScene()
        try scene.grant("192.0.2.1")
        try scene.grant("192.0.2.2", seconds: 5)
        try scene.grant("192.0.2.3")
        // Another process holds the database: every write fails until it lets go.
        let other = try SQLConnection(path: scene.path)
        try other.execute("BEGIN IMMEDIATE")
        #expect(scene.book.revoke(try prefix("192.0.2.1"), by: GrantScene.bob, at: scene.now) != nil)
        #expect(scene.book.failure?.cause == .busy)
        scene.pass(seconds: 6)
        #expect(scene.expire().map(\.address.description) == ["192.0.2.2"])
        #expect(scene.book.unrecordedCount == 2)
        #expect(scene.active == ["192.0.2.3"])
        #expect(throws: LedgerError.self) { try scene.grant("192.0.2.4") }
        try other.execute("ROLLBACK")
        #expect(scene.expire().isEmpty)
        #expect(scene.book.recordUse(by: try peer("192.0.2.3"), at: scene.now).count == 1)
        #expect(scene.book.failure == nil)
        #expect(scene.book.unrecordedCount == 0)
        #expect(try GrantScene(folder: scene.folder, now: scene.now).active == ["192.0.2.3"])
    }

    @Test("a file that may not grow any more gives an error, and what was granted is there afterwards")
    func fileSizeLimit() async throws {
        let scene = try GrantScene()
        try scene.grant("192.0.2.1")
        let folder = scene.folder.path
        await #expect(processExitsWith: .success) { [folder = folder as String] in
            signal(SIGXFSZ, SIG_IGN)
            let ledger = try Ledger(folder: folder, at: GrantScene.start)
            let book = try GrantBook(ledger)
            var limit = rlimit(rlim_cur: 40 << 10, rlim_max: 40 << 10)
            // SAFETY: the kernel reads one structure.
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            var failures = 0
            for number in 1...250 {
                let request = try GrantRequest(address: "10.9.0.\(number)", seconds: 3600, reason: String(repeating: "x", count: 200))
                let before = book.active(at: GrantScene.start).count
                do throws(LedgerError) {
                    _ = try book.grant(request, by: GrantScene.alice, at: GrantScene.start)
                } catch {
                    failures += 1
                    guard error.cause == .full || error.cause == .broken else { exit(3) }
                    guard book.active(at: GrantScene.start).count == before else { exit(4) }
                }
            }
            exit(failures > 0 ? 0 : 5)
        }
        let after = try GrantScene(folder: scene.folder)
        #expect(after.active.contains("192.0.2.1"))
        #expect(after.ledger.setAside == nil)
    }
}
