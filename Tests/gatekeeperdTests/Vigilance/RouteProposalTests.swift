import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Routes proposed by what was learned")
struct RouteProposalTests {
    private func requests(_ lines: String...) -> [LearningScene.Traced] {
        lines.flatMap { Array(repeating: LearningScene.Traced($0), count: 3) }.compactMap(\.self)
    }

    @Test("what was answered well on two days is a line with its numbers, and what wasn't is told apart with the reason")
    func lines() throws {
        let scene = try LearningScene()
        try scene.learn(requests("POST /api/tickets.json 201", "GET /api/once 200", "GET /api/tickets.json 200"), daysAgo: 1)
        try scene.learn(requests("POST /api/tickets.json 201", "HEAD /api/tickets.json 200", "GET /api/tickets.json 304"))
        try scene.learn(requests("GET /admin 404", "GET /a/../b 200", "GET /17 200"))
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        #expect(proposal.lines.map(\.methods) == [["GET", "POST"]])
        #expect(proposal.lines.map(\.path) == ["/api/tickets.json"])
        #expect(proposal.lines.map { $0.uses.map { "\($0.method) \($0.count) \($0.days)" } } == [["GET 6 2", "POST 6 2"]])
        let text = proposal.text
        let line =
            "  - {methods: [GET, POST], path: \"/api/tickets.json\"}   # GET 6 times on 2 days, POST 6 times on 2 days, last 2027-01-15T08:00:00Z"
        #expect(text.contains("\n\(line)"), "\(text)")
        #expect(text.contains("#   GET /api/once by \"vendor\": 3 times, on one day only"), "\(text)")
        #expect(text.contains("#   GET /** by \"vendor\": 3 times, 404"), "\(text)")
        #expect(text.contains("by \"vendor\": 3 times, paths that can be read in more than one way"), "\(text)")
        #expect(!text.contains("from:"))
    }

    @Test("several labels have each their own lines, and share one where they do the same")
    func labels() throws {
        let scene = try LearningScene()
        for day in (0..<2).reversed() {
            try scene.learn(requests("POST /api/tickets 201", "GET /api/status 200"), label: "A", daysAgo: Int64(day))
            try scene.learn(requests("GET /api/assets 200", "GET /api/status 200"), label: "B \"quoted\"", daysAgo: Int64(day))
        }
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        #expect(
            proposal.lines.map { "\($0.methods) \($0.path) \($0.labels)" } == [
                #"["GET"] /api/assets ["B \"quoted\""]"#, #"["GET"] /api/status ["A", "B \"quoted\""]"#, #"["POST"] /api/tickets ["A"]"#,
            ])
        #expect(proposal.text.contains(#"path: "/api/status", from: ["A", "B \"quoted\""]}"#), "\(proposal.text)")
        let one = RouteProposal(try scene.report(label: "A"))
        #expect(one.lines.map(\.path) == ["/api/status", "/api/tickets"] && !one.text.contains("from:"))
        #expect(RouteProposal(try scene.report(label: "A"), perLabel: true).text.contains(#", from: ["A"]}"#))
    }

    @Test("what nobody in the allow-list is called any more isn't proposed")
    func formerLabels() throws {
        let scene = try LearningScene()
        _ = try scene.proposal(of: requests("GET /api/tickets 200"))
        var report = try scene.report()
        report.labels = ["another"]
        let proposal = RouteProposal(report)
        #expect(proposal.lines.isEmpty && proposal.leftOut.map(\.reason) == ["no entry of allow: has this label now"])
    }

    @Test("a block that nothing but placeholders or seldom names would open is left to a person")
    func wide() throws {
        let scene = try LearningScene()
        let seldom = [LearningScene.Traced("GET /REST/2.0/queues/all 200")].compactMap(\.self)
        let proposal = try scene.proposal(of: seldom + requests("GET /12345 200", "GET / 200"))
        #expect(proposal.lines.map(\.path) == ["/"])
        #expect(proposal.leftOut.contains { $0.request.template == "/{id}" && $0.reason.hasPrefix("nothing but placeholders") })
        #expect(proposal.leftOut.contains { $0.reason.contains("too seldom") })
        #expect(!proposal.text.contains("queues"))
    }

    @Test("nothing learned proposes no block, which would let nothing pass")
    func nothing() throws {
        let proposal = RouteProposal(try LearningScene().report())
        #expect(proposal.lines.isEmpty && !proposal.text.contains("routes:"), "\(proposal.text)")
    }

    @Test("a flood of guesses by a listed address proposes nothing of its own")
    func flood() throws {
        let scene = try LearningScene()
        var random = SeededGenerator(seed: 3)
        for day in 0..<3 {
            let guesses = (0..<5_000).compactMap { _ in
                let guess = "/\(String(random.next(), radix: 36))/\(String(random.next(), radix: 36))"
                return LearningScene.Traced("GET \(guess) \(random.next() % 2 * 204 + 200)")
            }
            try scene.learn(guesses, daysAgo: Int64(2 - day))
            try scene.learn(requests("POST /api/tickets.json 201"), label: "other", daysAgo: Int64(2 - day))
        }
        try scene.settle()
        let rows = try scene.grants.ledger.connection.number("SELECT count(*) FROM learned")
        #expect(rows < 100, "\(rows)")
        let proposal = RouteProposal(try scene.report())
        #expect(proposal.lines.map { "\($0.labels) \($0.path)" } == [#"["other"] /api/tickets.json"#], "\(proposal.text)")
    }

    @Test("what is asked over the control socket comes as it was")
    func json() throws {
        let scene = try LearningScene()
        _ = try scene.proposal(of: requests("GET /api/tickets 200", "GET /x 404"))
        var report = try scene.report()
        (report.labels, report.waiting, report.lost, report.notShown) = (["vendor"], 2, 3, 4)
        let read = try #require(LearnedReport(report.json))
        #expect(RouteProposal(read).text == RouteProposal(report).text)
        #expect(read.labels == ["vendor"] && read.lost == 3)
    }

    @Test("what edited routes would have refused is said, and where it depends on a placeholder that too")
    func difference() throws {
        let scene = try LearningScene()
        _ = try scene.proposal(
            of: requests("POST /api/tickets 201", "GET /api/tickets/17 200", "GET /api/assets 200", "DELETE /x 404"))
        func difference(_ routes: String...) throws -> RouteDifference {
            RouteDifference(try scene.report(), by: try routes.map { try Route(methods: nil, path: $0) })
        }
        let narrow = try difference("/api/tickets", "/api/tickets/18")
        #expect(
            narrow.refused.map { "\($0.request.template) \($0.coverage)" } == ["/api/assets none", "/api/tickets/{id} some"])
        #expect(narrow.refusedFailures.map(\.request.lastFailure) == [404])
        #expect(narrow.text.contains("would refuse  GET /api/assets by \"vendor\": 6 times"), "\(narrow.text)")
        #expect(narrow.text.contains("may refuse    GET /api/tickets/{id} by \"vendor\""), "\(narrow.text)")
        #expect(try difference("/api/**").isNothing)
        #expect(RouteDifference(try scene.report(), by: nil).isNothing)
    }
}
