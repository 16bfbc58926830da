internal import Gatekeeper

/// What of the last days a configuration would have refused, judged by path templates: what stood at a placeholder isn't known, so some
/// of it may pass and some not.
struct RouteDifference: Equatable, Sendable {
    struct Item: Equatable, Sendable {
        var request: LearnedReport.Request
        /// Of `none`, all would be refused; of `some`, it depends.
        var coverage: TemplateCoverage
    }

    /// What the ticket system has answered 2xx or 3xx, the most frequent first.
    private(set) var refused: [Item] = []
    /// What it never has.
    private(set) var refusedFailures: [Item] = []
    private(set) var passed: Int64 = 0
    let since: WallTime
    let waiting: Int64
    let notShown: Int

    /// - Parameter routes: nil where everything passes.
    init(_ report: LearnedReport, by routes: [Route]?) {
        (since, waiting, notShown) = (report.since, report.waiting, report.notShown)
        for request in report.requests {
            let coverage = Self.coverage(of: request, by: routes)
            guard coverage < .all else {
                passed += request.count
                continue
            }
            let item = Item(request: request, coverage: coverage)
            if request.good > 0 { refused.append(item) } else { refusedFailures.append(item) }
        }
    }

    private static func coverage(of request: LearnedReport.Request, by routes: [Route]?) -> TemplateCoverage {
        guard let routes else { return .all }
        return routes.lazy.filter { $0.isFor(request.label) }
            .map { $0.covers(method: request.method, template: request.template) }.max() ?? .none
    }

    var isNothing: Bool { refused.isEmpty }

    var text: String {
        var lines = refused.map { item in
            "\(item.coverage == .none ? "would refuse" : "may refuse  ")  \(Self.line(item.request))"
        }
        if !refusedFailures.isEmpty {
            let count = refusedFailures.reduce(0) { $0 + $1.request.count }
            lines.append("would also refuse \(Quantity.counted(count, "request")) that the ticket system has never answered 2xx or 3xx:")
            lines += refusedFailures.prefix(RouteProposal.leftOutMax).map { "  \(Self.line($0.request)), \($0.request.lastFailure)" }
        }
        lines.append("\(Quantity.counted(passed, "request")) since \(since.text) would pass")
        if waiting > 0 {
            lines.append("\(Quantity.counted(waiting, "request")) of today aren't judged: their names haven't come three times yet")
        }
        if notShown > 0 { lines.append("\(Quantity.counted(notShown, "template")) more aren't judged; --label asks for one label's") }
        return lines.joined(separator: "\n")
    }

    private static func line(_ request: LearnedReport.Request) -> String {
        let path = request.template.isEmpty ? "(paths that can be read in more than one way)" : request.template
        let whose = request.label.isEmpty ? "" : " by \(JSON.string(request.label).text)"
        return "\(request.method) \(path)\(whose): \(RouteProposal.often(request.count)), last \(request.last.text)"
    }

    var json: JSON {
        func items(_ items: [Item]) -> JSON {
            .array(
                items.map {
                    .object(of: ("verdict", .string($0.coverage == .none ? "refused" : "may_be_refused")), ("request", $0.request.json))
                })
        }
        return .object(
            of: ("since", .time(since)), ("refused", items(refused)), ("refused_failures", items(refusedFailures)),
            ("passed", .number(passed)), ("waiting", .number(waiting)), ("not_shown", .number(notShown)))
    }
}
