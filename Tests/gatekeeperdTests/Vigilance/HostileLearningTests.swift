import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

/// What an admitted client can teach on purpose, through the learner and the ledger, and what of it would be proposed.
@Suite("A hostile client teaches")
struct HostileLearningTests {
    private func requests(_ lines: String...) -> [LearningScene.Traced] {
        lines.flatMap { Array(repeating: LearningScene.Traced($0), count: 3) }.compactMap(\.self)
    }

    private func name(_ index: Int) -> String {
        var (rest, name) = (index, "")
        repeat {
            name.append(Character(Unicode.Scalar(UInt8(97 + rest % 26))))
            rest /= 26
        } while rest > 0
        return "q\(name)q"
    }

    /// Names of which each is answered well three times.
    private func flood(_ parent: String, _ count: Int, method: String = "GET", status: Int = 200) -> [LearningScene.Traced] {
        (0..<count).flatMap { requests("\(method) \(parent)/\(name($0)) \(status)") }
    }

    @Test("a flood of names on one day spoils nothing that was learned before it, and nothing two days later, of any label")
    func monday() throws {
        let scene = try LearningScene()
        let legitimate = requests("POST /api/tickets 201", "GET /api/tickets/17 200", "GET /api/status 200")
        for day in [Int64(4), 3] { try scene.learn(legitimate, daysAgo: day) }
        try scene.settle(daysAgo: 3)
        let before = RouteProposal(try scene.report()).lines
        // Monday: below every position that is used, and so many that all places are taken.
        for parent in ["/api", "", "/api/tickets", "/other"] { try scene.learn(flood(parent, 300), daysAgo: 2) }
        for index in 0..<32 { try scene.learn(flood("/deep/\(name(index))", 32), daysAgo: 2) }
        try scene.learn(requests("GET /its/own 200"), label: "another", daysAgo: 2)
        try scene.settle(daysAgo: 2)
        #expect(RouteProposal(try scene.report()).lines == before)
        for day in [Int64(1), 0] {
            try scene.learn(legitimate + requests("GET /api/assets 200", "GET /reports/weekly/summary 200"), daysAgo: day)
            try scene.learn(requests("GET /its/own 200"), label: "another", daysAgo: day)
        }
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        #expect(
            proposal.lines.map { "\($0.methods[0]) \($0.path) \($0.labels[0])" } == [
                "GET /api/assets vendor", "GET /api/status vendor", "POST /api/tickets vendor", "GET /api/tickets/{id} vendor",
                "GET /its/own another", "GET /reports/weekly/summary vendor",
            ], "\(proposal.text)")
    }

    @Test("a flood on two days opens no position at which a few names are known")
    func anyName() throws {
        let scene = try LearningScene()
        for day in [Int64(2), 1, 0] {
            try scene.learn(requests("GET /REST/2.0/tickets 200", "PUT /REST/2.0/ticket/1 200"), daysAgo: day)
            if day < 2 { try scene.learn(flood("/REST/2.0", 60), daysAgo: day) }
            if day < 2 { try scene.learn((0..<60).flatMap { requests("PUT /REST/2.0/\(name($0))/1 200") }, daysAgo: day) }
        }
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        #expect(proposal.lines.map(\.path) == ["/REST/2.0/ticket/{id}", "/REST/2.0/tickets"], "\(proposal.text)")
        #expect(proposal.leftOut.contains { $0.request.template == "/REST/2.0/{any}" && $0.reason.contains("would open every name") })
    }

    @Test("customers' names, too many on each day, are one placeholder, which is proposed")
    func customers() throws {
        let scene = try LearningScene()
        for day in [Int64(1), 0] {
            try scene.learn((0..<60).flatMap { requests("GET /customers/\(name($0))/tickets 200") }, daysAgo: day)
        }
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        #expect(proposal.lines.map(\.path) == ["/customers/{any}/tickets"], "\(proposal.text)")
        #expect(proposal.text.contains("# {…} lets pass whatever stands there in one segment"))
    }

    @Test("customers that are few on the first day and many from then on are one placeholder: a name of one day is no name of an API")
    func moreCustomers() throws {
        let scene = try LearningScene()
        try scene.learn((100..<102).flatMap { requests("GET /customers/\(name($0))/tickets 200") }, daysAgo: 2)
        for day in [Int64(1), 0] {
            try scene.learn((0..<60).flatMap { requests("GET /customers/\(name($0))/tickets 200") }, daysAgo: day)
        }
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        #expect(proposal.lines.map(\.path) == ["/customers/{any}/tickets"], "\(proposal.text)")
    }

    @Test("what seldom comes isn't hidden behind what comes often, neither a method nor a label, nor that it was only sent elsewhere")
    func rareUses() throws {
        let scene = try LearningScene()
        for day in [Int64(1), 0] {
            for _ in 0..<50 { try scene.learn(requests("GET /api/tickets 200"), label: "A", daysAgo: day) }
            try scene.learn([LearningScene.Traced("DELETE /api/tickets 204")].compactMap(\.self), label: "A", daysAgo: day)
            try scene.learn(requests("GET /api/status 200"), label: "A", daysAgo: day)
            try scene.learn(requests("GET /api/status 302"), label: "B", daysAgo: day)
        }
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        let text = proposal.text
        guard case .array(let lines)? = proposal.json["routes"] else { throw Failure("no routes") }
        let uses = lines.flatMap { line -> [JSON] in if case .array(let uses)? = line["uses"] { uses } else { [] } }
        #expect(uses.filter { $0["always_3xx"] == .boolean(true) }.map { $0.string("label") } == ["B"])
        #expect(text.contains("# DELETE twice on 2 days, GET 300 times on 2 days, last "), "\(text)")
        #expect(text.contains("# GET by \"A\" 6 times on 2 days, GET by \"B\" 6 times on 2 days, always 3xx, last "), "\(text)")
    }

    @Test("what one label teaches is proposed for this label alone; what entries without a label teach is for all, and said to be")
    func otherLabels() throws {
        for hasUnlabelled in [false, true] { try otherLabels(hasUnlabelled) }
    }

    private func otherLabels(_ hasUnlabelled: Bool) throws {
        let scene = try LearningScene()
        for day in [Int64(1), 0] {
            try scene.learn(requests("POST /api/tickets 201"), label: "A", daysAgo: day)
            try scene.learn(requests("GET /api/users 200", "GET /api/99 200"), label: "B", daysAgo: day)
            if hasUnlabelled { try scene.learn(requests("GET /api/all 200"), label: "", daysAgo: day) }
        }
        try scene.settle()
        let proposal = RouteProposal(try scene.report())
        #expect(proposal.lines.filter { $0.labels.contains("A") }.map(\.path) == ["/api/tickets"])
        #expect(proposal.text.contains(#"path: "/api/users", from: ["B"]}"#) && proposal.text.contains(#"path: "/api/{id}", from: ["B"]}"#))
        #expect(proposal.text.contains("# lines without from: are for everybody") == hasUnlabelled)
    }
}
