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

    @Test("names of a day that are kept no longer go from its rows, and their counts are the placeholder's; other days stay")
    func revision() throws {
        let scene = try GrantScene()
        _ = try add([row("/c/north/t", count: 2), row("/c/south/t", count: 3), row("/c/{id}/t"), row("/d/north")], scene)
        _ = try add([row("/c/north/t", day: Self.today - 1, count: 7), row("/c/old/t"), row("/c/north/t", label: "another")], scene)
        var take = LearnedTake()
        take.opened = [OpenedPosition(label: "vendor", day: Self.today, parent: "/c", kept: ["old"])]
        _ = try LearnedTable.add(take, at: scene.now, to: scene.ledger.connection)
        #expect(
            try templates(scene) == ["/c/north/t 1", "/c/north/t 7", "/c/old/t 1", "/c/{any}/t 5", "/c/{id}/t 1", "/d/north 1"])
    }

    @Test("when there are too many rows, those who have most lose their oldest days, and nobody else")
    func fairness() throws {
        let scene = try GrantScene()
        let bounds = LearnedTable.Bounds(rowsMax: 25, labelRowsMax: 10, days: 60)
        _ = try add([row("/small", day: Self.today - 30, label: "small")], scene, bounds: bounds)
        for day in (0..<4).reversed() {
            _ = try add((0..<10).map { row("/x\($0)", day: Self.today - Int64(day)) }, scene, bounds: bounds)
        }
        #expect(try scene.ledger.connection.number("SELECT count(*) FROM learned WHERE label = 'small'") == 1)
        #expect(try scene.ledger.connection.number("SELECT min(day) FROM learned WHERE label = 'vendor'") == Self.today - 1)
    }

    @Test("a label with more templates than an answer has room for takes none from another")
    func crowdedReport() throws {
        let scene = try GrantScene()
        let bounds = LearnedTable.Bounds(rowsMax: 400_000, labelRowsMax: 10_000, days: 60)
        let crowd = (0..<LearnedReport.requestsMax + 10).map { row("/x\($0)", count: 100) }
        _ = try add(crowd + [row("/api/tickets", label: "small", count: 2)], scene, bounds: bounds)
        let report = try LearnedTable.report(try LearnedQuery(seconds: 86_400), at: scene.now, from: scene.ledger.connection)
        #expect(report.requests.count == LearnedReport.requestsMax && report.notShown == 11)
        #expect(report.requests.last?.template == "/api/tickets" && report.requests.first?.good == 100)
    }

    @Test("a new process is told what came well, on how many days, the best known first")
    func known() throws {
        let scene = try GrantScene()
        for day in Int64(0)..<3 { _ = try add([row("/often", day: Self.today - day)], scene) }
        _ = try add([row("/once", day: Self.today - 5)], scene)
        #expect(
            try LearnedTable.known(in: scene.ledger.connection) == [
                LearnedTemplate(label: "vendor", template: "/often", firstDay: Self.today - 2, lastDay: Self.today, days: 3),
                LearnedTemplate(label: "vendor", template: "/once", firstDay: Self.today - 5, lastDay: Self.today - 5, days: 1),
            ])
    }

    @Test("a row of another hand that is no route is nobody's")
    func foreignRows() throws {
        let scene = try GrantScene()
        _ = try add([row("/ok"), row("no path"), row("/a\"}\nb")], scene)
        #expect(try templates(scene) == ["/ok 1"])
    }
}
