import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What the service writes down of requests")
struct RequestRecorderTests {
    private func row(_ template: String, at time: WallTime) -> LearnedRequest {
        var row = LearnedRequest(
            LearnedRequest.Key(day: LearnedTable.day(of: time), label: "vendor", method: "GET", template: template),
            firstMilliseconds: time.milliseconds, lastMilliseconds: time.milliseconds)
        row.succeeded = 1
        return row
    }

    @Test("once a minute while learn is on, and what was lost is in the log")
    func minutes() throws {
        let scene = try ServiceScene("learn: true\nstate: state")
        scene.plane.learned.rows = [row("/a", at: scene.now)]
        scene.plane.learned.lost = 7
        scene.pass()
        #expect(scene.plane.learned.lost == 7)
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.takeEvents().contains("learn_lost requests=7"))
        let report = try scene.service.learned(.usual, at: scene.now)
        #expect(report.requests.map(\.template) == ["/a"] && report.lost == 7 && report.labels == [])
    }

    @Test("nothing while it is off; turned on, it goes on from what the ledger knows")
    func off() throws {
        let scene = try ServiceScene("state: state")
        scene.plane.learned.rows = [row("/a", at: scene.now)]
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.learned.rows.count == 1)
        try scene.apply(ServiceScene.text("learn: true\nstate: state"), confirmWithinSeconds: nil)
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.learned.rows.isEmpty)
        try scene.apply(ServiceScene.text("state: state"), confirmWithinSeconds: nil)
        try scene.apply(ServiceScene.text("learn: true\nstate: state"), confirmWithinSeconds: nil)
        #expect(scene.plane.known.map(\.template) == ["/a"])
    }

    @Test("what the disk refuses comes with the next minute")
    func fullDisk() throws {
        let scene = try ServiceScene("learn: true\nstate: state")
        let ledger = try #require(scene.ledger?.ledger)
        try ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try ledger.connection.execute("PRAGMA max_page_count = 1")
        scene.plane.learned.rows = (0..<200).map { row("/some/longer/template/\($0)x", at: scene.now) }
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.learned.rows.count == 200)
        try ledger.connection.execute("PRAGMA max_page_count = 1000000")
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.learned.rows.isEmpty)
        #expect(try scene.service.learned(.usual, at: scene.now).requests.count == 200)
    }
}
