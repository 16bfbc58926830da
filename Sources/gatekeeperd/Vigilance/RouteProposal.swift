internal import Gatekeeper

/// A `routes:` block of what was learned: what was answered 2xx or 3xx on at least two days, and apart from it what was left out and why.
///
/// A hostile client teaches too, so a line is only what came by its name and more than once; what a placeholder alone would open is left to
/// a person.
struct RouteProposal: Equatable, Sendable {
    /// On how many days at least.
    static let daysMin = 2
    /// Of those left out so many are told, the most frequent first.
    static let leftOutMax = 50

    /// One line of the block.
    struct Line: Equatable, Sendable {
        var methods: [String]
        var path: String
        /// Sorted; an empty one among them stands for entries without a label.
        var labels: [String]
        /// Who sent what of it: what seldom comes isn't hidden behind what comes often.
        var uses: [Use]

        var last: WallTime { uses.map(\.last).max() ?? WallTime(milliseconds: 0) }
    }

    /// One label's requests of one method.
    struct Use: Equatable, Sendable {
        var method: String
        var label: String
        var count: Int64
        var days: Int
        var last: WallTime
        /// Never answered 2xx: as systems do that send strangers to a form.
        var isRedirected: Bool
    }

    struct LeftOut: Equatable, Sendable {
        var request: LearnedReport.Request
        var reason: String
    }

    private(set) var lines: [Line] = []
    private(set) var leftOut: [LeftOut] = []
    let report: LearnedReport
    /// Whether lines say whose they are.
    let saysWhose: Bool

    /// - Parameter perLabel: say whose each line is also where there is only one label.
    init(_ report: LearnedReport, perLabel: Bool = false) {
        self.report = report
        var kept: [LearnedReport.Request] = []
        let named = Self.named(report.requests)
        for request in report.requests {
            if let reason = Self.obstacle(to: request, labels: report.labels) ?? Self.flood(request, named) {
                leftOut.append(LeftOut(request: request, reason: reason))
            } else {
                kept.append(request)
            }
        }
        saysWhose = perLabel || Set(kept.map(\.label)).count > 1
        lines = Self.lines(of: kept)
        let lines = lines
        leftOut.removeAll { other in lines.contains { $0.covers(other.request) } }
        leftOut.sort { ($1.request.count, $0.request.template) < ($0.request.count, $1.request.template) }
    }

    /// Why a request isn't proposed; nil for one that is.
    private static func obstacle(to request: LearnedReport.Request, labels: [String]?) -> String? {
        if request.template.isEmpty { return "paths that can be read in more than one way, which no route lets pass" }
        guard request.good > 0 else { return "\(request.lastFailure)" }
        if let labels, !request.label.isEmpty, !labels.contains(request.label) { return "no entry of allow: has this label now" }
        guard request.goodDays >= daysMin else { return "on one day only" }
        let segments = request.template.split(separator: "/")
        if segments.contains("**") { return "deeper, or of more kinds, than is told apart; write it by hand" }
        if segments.contains(Substring(LearnedPlaceholder.seldom)) {
            return "what stands at \(LearnedPlaceholder.seldom) came too seldom to be kept (three times a day); write it by hand"
        }
        let isNameless = !segments.isEmpty && segments.allSatisfy { $0.hasPrefix("{") }
        return isNameless ? "nothing but placeholders: it would open everything of that depth; write it by hand if that is meant" : nil
    }

    /// Positions at which something is known by its name, on as many days as a line takes: of customers a few alone may have come on the first.
    private static func named(_ requests: [LearnedReport.Request]) -> Set<Position> {
        var named: Set<Position> = []
        for request in requests where request.good > 0 && request.goodDays >= daysMin {
            for (parent, segment) in positions(request.template) where !segment.hasPrefix("{") && segment != "**" && !segment.isEmpty {
                named.insert(Position(label: request.label, parent: parent))
            }
        }
        return named
    }

    private struct Position: Hashable {
        var label: String
        var parent: String
    }

    /// Each segment, with what lies above it.
    private static func positions(_ template: String) -> [(parent: String, segment: Substring)] {
        var parent = ""
        return template.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { segment in
            defer { parent += "/\(segment)" }
            return (parent, segment)
        }
    }

    /// Why a placeholder for many names isn't proposed: where a few are known as well, those are what is used, and whoever guessed on two
    /// days would have the rest opened.
    private static func flood(_ request: LearnedReport.Request, _ named: Set<Position>) -> String? {
        let isFlood = positions(request.template).contains {
            $0.segment == LearnedPlaceholder.any && named.contains(Position(label: request.label, parent: $0.parent))
        }
        guard isFlood else { return nil }
        return "\(LearnedPlaceholder.any) would open every name beside those that are known there; write it by hand if that is meant"
    }

    // MARK: Joining

    private struct Place: Hashable {
        var template: String
        var label: String
    }

    /// Methods of one template and label on one line, then labels of the same methods and template.
    private static func lines(of requests: [LearnedReport.Request]) -> [Line] {
        var byPlace: [Place: Line] = [:]
        for request in requests {
            let use = Use(
                method: request.method, label: request.label, count: request.good, days: request.goodDays, last: request.last,
                isRedirected: request.succeeded == 0)
            let line = Line(methods: [request.method], path: request.template, labels: [request.label], uses: [use])
            byPlace[Place(template: normal(request.template), label: request.label), default: line].join(line)
        }
        var lines: [[String]: Line] = [:]
        for (place, line) in byPlace {
            var line = line
            // GET brings HEAD with it.
            if line.methods.contains("GET") { line.methods.removeAll { $0 == "HEAD" } }
            lines[[place.template] + line.methods, default: line].join(line)
        }
        func order(_ line: Line) -> (String, String, String) { (line.path, line.methods.joined(), line.labels.joined()) }
        return lines.values.sorted { order($0) < order($1) }
    }

    /// With every placeholder alike.
    fileprivate static func normal(_ template: String) -> String {
        template.split(separator: "/", omittingEmptySubsequences: false).map { $0.hasPrefix("{") ? "{}" : String($0) }
            .joined(separator: "/")
    }
}

extension RouteProposal.Line {
    fileprivate mutating func join(_ other: Self) {
        guard other != self else { return }
        // Placeholders may differ, and mean the same.
        if other.path < path { path = other.path }
        methods = Set(methods + other.methods).sorted()
        labels = Set(labels + other.labels).sorted()
        for use in other.uses {
            if let known = uses.firstIndex(where: { $0.method == use.method && $0.label == use.label }) {
                uses[known].join(use)
            } else {
                uses.append(use)
            }
        }
        uses.sort { ($0.method, $0.label) < ($1.method, $1.label) }
    }

    /// Whether the line lets it pass, whatever stands at its placeholders.
    fileprivate func covers(_ request: LearnedReport.Request) -> Bool {
        guard labels.contains(request.label) || labels.contains(""), let route = try? Route(methods: methods, path: path) else {
            return false
        }
        return request.good > 0 && route.covers(method: request.method, template: request.template) == .all
    }
}

extension RouteProposal.Use {
    /// The same with other placeholders.
    fileprivate mutating func join(_ other: Self) {
        count += other.count
        days = max(days, other.days)
        last = max(last, other.last)
        isRedirected = isRedirected && other.isRedirected
    }
}

/// As people and scripts get it.
extension RouteProposal {
    /// So many uses of a line are told one by one.
    private static let usesMax = 8

    /// `GET 412 times on 13 days, PUT twice on 2 days, last …`.
    private static func comment(_ line: Line) -> String {
        let isOne = line.uses.count == 1
        var words = line.uses.prefix(usesMax).map { use in
            let whose = line.labels.count > 1 && !use.label.isEmpty ? " by \(JSON.string(use.label).text)" : ""
            let how = use.isRedirected ? ", always 3xx" : ""
            return (isOne ? "" : "\(use.method)\(whose) ") + "\(often(use.count)) on \(use.days) days\(how)"
        }
        if line.uses.count > usesMax { words.append("and \(line.uses.count - usesMax) more") }
        return (words + ["last \(line.last.text)"]).joined(separator: ", ")
    }

    var text: String {
        var text: [String] = []
        if !lines.isEmpty {
            let days = "on at least \(Self.daysMin) days since \(report.since.text)"
            text.append("# what was answered 2xx or 3xx \(days); read each line before it counts")
            text.append("# routes_mode: shadow   # at first: counts what would be refused, and lets it pass")
            if lines.contains(where: { $0.path.contains("{") }) {
                text.append("# {…} lets pass whatever stands there in one segment, names as well")
            }
            text.append("routes:")
            text += lines.map { "  - \(entry($0))   # \(Self.comment($0))" }
            if saysWhose, lines.contains(where: { $0.labels.contains("") }) {
                text.append("# lines without from: are for everybody, since entries without a label used them; give those a label")
            }
        } else {
            text.append("# nothing to propose: nothing was answered 2xx or 3xx on \(Self.daysMin) days since \(report.since.text)")
        }
        if !leftOut.isEmpty { text.append("# left out:") }
        text += leftOut.prefix(Self.leftOutMax).map { "#   \(Self.line($0))" }
        let rest = leftOut.count - Self.leftOutMax + report.notShown
        if rest > 0 { text.append("#   … and \(rest) more; --label shows one label's, --json all") }
        if report.waiting > 0 {
            text.append("# \(Quantity.counted(report.waiting, "request")) of today by names that haven't come three times yet")
        }
        if report.lost > 0 { text.append("# \(Quantity.counted(report.lost, "request")) couldn't be learned since the service started") }
        return text.joined(separator: "\n")
    }

    /// One element of `routes:`.
    private func entry(_ line: Line) -> String {
        let methods = line.methods.joined(separator: ", ")
        return "{methods: [\(methods)], path: \(JSON.string(line.path).text)\(from(line.labels))}"
    }

    /// Whose the route is, as `routes[].from` has it. Entries without a label can't be named: what they use is everybody's.
    private func from(_ labels: [String]) -> String {
        guard saysWhose, !labels.contains("") else { return "" }
        return ", from: [\(labels.map { JSON.string($0).text }.joined(separator: ", "))]"
    }

    private static func line(_ leftOut: LeftOut) -> String {
        let request = leftOut.request
        let whose = request.label.isEmpty ? "" : " by \(JSON.string(request.label).text)"
        let path = request.template.isEmpty ? "" : " \(request.template)"
        return "\(request.method)\(path)\(whose): \(often(request.count)), \(leftOut.reason)"
    }

    static func often(_ count: Int64) -> String { count == 1 ? "once" : count == 2 ? "twice" : "\(count) times" }

    var json: JSON {
        .object(
            of: ("since", .time(report.since)), ("routes", .array(lines.map(json))),
            (
                "left_out",
                .array(
                    leftOut.map { leftOut in
                        .object(of: ("request", leftOut.request.json), ("reason", .string(leftOut.reason)))
                    })
            ), ("not_shown", .number(report.notShown)), ("waiting", .number(report.waiting)), ("lost", .number(report.lost)))
    }

    private func json(_ line: Line) -> JSON {
        .object(
            of: ("methods", .strings(line.methods)), ("path", .string(line.path)),
            ("from", line.labels.contains("") ? nil : .strings(line.labels)),
            ("count", .number(line.uses.reduce(0) { $0 + $1.count })), ("days", .number(line.uses.map(\.days).max() ?? 0)),
            ("last", .time(line.last)), ("uses", .array(line.uses.map(json))))
    }

    private func json(_ use: Use) -> JSON {
        .object(
            of: ("method", .string(use.method)), ("label", .string(use.label)), ("count", .number(use.count)), ("days", .number(use.days)),
            ("last", .time(use.last)), ("always_3xx", .boolean(use.isRedirected)))
    }
}
