import Foundation
import Gatekeeper

@testable import gatekeeperd

/// Requests on some days, learned as the service learns them: through the learner and the ledger.
final class LearningScene {
    let grants: GrantScene
    private var learner = RequestLearner()

    init() throws { grants = try GrantScene() }

    /// One request: `POST /api/tickets.json 201`.
    struct Traced: Sendable, Equatable {
        var method: String
        var path: String
        var status: UInt16

        init?(_ line: some StringProtocol) {
            let words = line.split(separator: " ")
            guard words.count == 3, let status = UInt16(words[2]) else { return nil }
            (method, path, self.status) = (String(words[0]), String(words[1]), status)
        }
    }

    /// Those of a file beside this one, by its paragraphs.
    static func trace(_ name: String) throws -> [[Traced]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Traces/\(name).txt")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.split { $0.isEmpty }.map { $0.compactMap { Traced($0) } }
    }

    /// - Parameter day: counted back from the present one.
    func learn(_ requests: [Traced], label: String = "vendor", daysAgo day: Int64 = 0) throws {
        let time = grants.now.milliseconds - day * 86_400_000
        for request in requests {
            let (method, path) = (Array(request.method.utf8), Array(request.path.utf8))
            learner.note(
                label: label, method: method.span, target: path.span, status: request.status, wallMilliseconds: time)
        }
    }

    /// Writes everything down, as at the end of a process.
    func settle(daysAgo day: Int64 = 0) throws {
        let take = learner.take(isLast: true, wallMilliseconds: grants.now.milliseconds - day * 86_400_000)
        try grants.ledger.connection.transaction { () throws(LedgerError) in
            _ = try LearnedTable.add(take, at: grants.now, to: grants.ledger.connection)
        }
    }

    func report(seconds: Int = 14 * 86_400, label: String? = nil) throws -> LearnedReport {
        try LearnedTable.report(try LearnedQuery(seconds: seconds, label: label), at: grants.now, from: grants.ledger.connection)
    }

    /// Of so many days, the same requests each.
    func proposal(of requests: [Traced], days: Int64 = 2, label: String = "vendor") throws -> RouteProposal {
        for day in (0..<days).reversed() { try learn(requests, label: label, daysAgo: day) }
        try settle()
        return RouteProposal(try report())
    }
}
