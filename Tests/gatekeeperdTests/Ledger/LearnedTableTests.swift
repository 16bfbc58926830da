import Gatekeeper
import Testing

@testable import gatekeeperd

struct LearnedTableTests {
    private static let today = LearnedTable.day(of: GrantScene.start)

    private func row(_ template: String, day: Int64 = today, label: String = "vendor", count: Int = 1) -> LearnedRequest {
        var row = LearnedRequest(
            LearnedRequest.Key(day: day, label: label, method: "GET", template: template), firstMilliseconds: day * 86_400_000,
            lastMilliseconds: day * 86_400_000 + 1)
        row.succeeded = UInt64(count)
        return row
    }

    private func add(_ rows: [LearnedRequest], _ scene: GrantScene, bounds: LearnedTable.Bounds = .standard) throws -> UInt64 {
        var take = LearnedTake()
        take.rows = rows
        return try LearnedTable.add(take, at: scene.now, bounds: bounds, to: scene.ledger.connection)
    }

    private func templates(_ scene: GrantScene, days: Int = 60) throws -> [String] {
        try LearnedTable.report(try LearnedQuery(seconds: days * 86_400), at: scene.now, from: scene.ledger.connection)
            .requests.map { "\($0.template) \($0.count)" }.sorted()
    }

    @Test("rows end after sixty days, and days before the question don't count")
    func days() throws {
        let scene = try GrantScene()
        #expect(try add([row("/a", day: Self.today - 61), row("/b", day: Self.today - 60), row("/c")], scene) == 0)
        #expect(try scene.ledger.connection.number("SELECT count(*) FROM learned") == 2)
        #expect(try templates(scene, days: 14) == ["/c 1"])
        #expect(try templates(scene) == ["/b 1", "/c 1"])
    }

    @Test("a label has so many rows a day, what finds none is counted, and the oldest days go first when there are too many in all")
    func bounds() throws {
        let scene = try GrantScene()
        let bounds = LearnedTable.Bounds(rowsMax: 25, labelRowsMax: 10, days: 60)
        for day in (0..<4).reversed() {
            let rows = (0..<14).map { row("/x\($0)", day: Self.today - Int64(day), count: $0 + 1) }
            #expect(try add(rows, scene, bounds: bounds) == 1 + 2 + 3 + 4)
        }
        #expect(try scene.ledger.connection.number("SELECT count(*) FROM learned") == 20)
        #expect(try scene.ledger.connection.number("SELECT min(day) FROM learned") == Self.today - 1)
        #expect(try add([row("/x13")], scene, bounds: bounds) == 0)
    }

    @Test("names that are kept no longer go from the rows, and their counts are the placeholder's")
    func revision() throws {
        let scene = try GrantScene()
        _ = try add([row("/c/north/t", count: 2), row("/c/south/t", count: 3), row("/c/{id}/t"), row("/d/north")], scene)
        var take = LearnedTake()
        take.opened = [OpenedPosition(label: "vendor", parent: "/c")]
        _ = try LearnedTable.add(take, at: scene.now, to: scene.ledger.connection)
        #expect(try templates(scene) == ["/c/{any}/t 5", "/c/{id}/t 1", "/d/north 1"])
    }

    @Test("a row of another hand that is no route is nobody's")
    func foreignRows() throws {
        let scene = try GrantScene()
        _ = try add([row("/ok"), row("no path"), row("/a\"}\nb")], scene)
        #expect(try templates(scene) == ["/ok 1"])
    }
}
