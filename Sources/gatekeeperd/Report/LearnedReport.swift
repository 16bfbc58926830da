internal import Gatekeeper

/// Which methods and path templates each label has used: what `routes propose` and `routes diff` go by.
struct LearnedReport: Equatable, Sendable {
    var since: WallTime
    /// The most used first.
    var requests: [Request] = []
    /// Those that are left out of it for want of room.
    var notShown = 0
    /// Requests of today of which it isn't settled yet what they are called by.
    var waiting: Int64 = 0
    /// Requests that weren't learned since the service started: too many, or of no method of an API.
    var lost: Int64 = 0
    /// The labels of the allow-list; nil where nobody knows.
    var labels: [String]?

    /// What an answer of the control socket has room for.
    static let requestsMax = 3_000

    struct Request: Equatable, Sendable {
        /// Empty for entries without one.
        var label: String
        var method: String
        /// Empty for paths that can be read in more than one way.
        var template: String
        /// Answered 2xx (or 101), and 3xx.
        var succeeded: Int64 = 0
        var redirected: Int64 = 0
        var clientErrors: Int64 = 0
        var serverErrors: Int64 = 0
        var lastFailure: Int = 0
        /// On how many days there was one that was answered 2xx or 3xx.
        var goodDays: Int = 0
        var first: WallTime
        var last: WallTime

        var good: Int64 { succeeded + redirected }
        var count: Int64 { good + clientErrors + serverErrors }
    }
}

extension LearnedReport {
    var json: JSON {
        .object(
            of: ("since", .time(since)), ("requests", .array(requests.map(\.json))), ("not_shown", .number(notShown)),
            ("waiting", .number(waiting)), ("lost", .number(lost)), ("labels", labels.map(JSON.strings)))
    }

    /// As the service has answered; nil for what isn't such an answer.
    init?(_ json: JSON) {
        guard let since = json.string("since").flatMap(Self.time), case .array(let requests)? = json["requests"] else { return nil }
        self.since = since
        self.requests = requests.compactMap(Request.init)
        notShown = json["not_shown"]?.integer ?? 0
        waiting = Int64(json["waiting"]?.integer ?? 0)
        lost = Int64(json["lost"]?.integer ?? 0)
        labels = json["labels"]?.texts
    }

    fileprivate static func time(_ text: String) -> WallTime? {
        (try? CalendarTime.unixSeconds(text)).map { WallTime(milliseconds: $0 * 1000) }
    }
}

extension LearnedReport.Request {
    var json: JSON {
        .object(
            of: ("label", .string(label)), ("method", .string(method)), ("path", .string(template)), ("2xx", .number(succeeded)),
            ("3xx", .number(redirected)), ("4xx", .number(clientErrors)), ("5xx", .number(serverErrors)),
            ("last_failure", lastFailure > 0 ? .number(lastFailure) : nil), ("good_days", .number(goodDays)), ("first", .time(first)),
            ("last", .time(last)))
    }

    init?(_ json: JSON) {
        guard let label = json.string("label"), let method = json.string("method"), let template = json.string("path"),
            let first = json.string("first").flatMap(LearnedReport.time), let last = json.string("last").flatMap(LearnedReport.time)
        else { return nil }
        func number(_ name: String) -> Int64 { Int64(json[name]?.integer ?? 0) }
        self.init(
            label: label, method: method, template: template, succeeded: number("2xx"), redirected: number("3xx"),
            clientErrors: number("4xx"), serverErrors: number("5xx"), lastFailure: Int(number("last_failure")),
            goodDays: Int(number("good_days")), first: first, last: last)
    }
}
