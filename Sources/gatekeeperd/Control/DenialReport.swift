internal import Gatekeeper

/// Who was turned away, and how often.
struct DenialReport: Equatable, Sendable {
    var since: WallTime
    /// Most denials first.
    var sources: [Source] = []
    /// Too many to tell apart when they came.
    var others: Others?
    /// Told apart, but more than were asked for.
    var notShown = NotShown()
    /// What is missing here.
    var warning: String?

    struct Denials: Equatable, Sendable {
        var count: Int64
        /// Most frequent first.
        var reasons: [Reason]
        var first: WallTime
        var last: WallTime
    }

    struct Reason: Equatable, Sendable {
        /// The log's.
        var word: String
        var count: Int64
    }

    struct Source: Equatable, Sendable {
        var address: PeerAddress
        var denials: Denials
        var label: Label?
    }

    struct Others: Equatable, Sendable {
        var denials: Denials
        /// 0: nothing is known of them.
        var sourcesAtLeast: Int64
    }

    struct NotShown: Equatable, Sendable {
        var count: Int64 = 0
        var sources = 0
    }

    /// What else is known of a source that was denied. The words are a script's to rely on.
    enum Label: String, Sendable {
        case isGranted = "is granted"
        case wasGranted = "was granted"
        /// Its entry in the allow-list had ended.
        case expired

        init?(of peer: PeerAddress, _ denials: Denials, grants: [Grant], at now: WallTime) {
            let matching = grants.filter { $0.address.contains(peer) }
            if matching.contains(where: { $0.isActive(at: now) }) {
                self = .isGranted
            } else if !matching.isEmpty {
                self = .wasGranted
            } else if denials.reasons.contains(where: { $0.word == "\(DenialReason.expired.word)" }) {
                self = .expired
            } else {
                return nil
            }
        }
    }

    /// Equals the sum of everything above it.
    var total: Int64 { sources.reduce(0) { $0 + $1.denials.count } + (others?.denials.count ?? 0) + notShown.count }

    var reply: ControlReply { ControlReply(result: json, text: lines.joined(separator: "\n")) }

    // MARK: For people

    /// One a source, then the total.
    var lines: [String] {
        let warning = self.warning.map { ["warning: \($0)"] } ?? []
        guard total > 0 else { return warning + ["nobody was denied since \(since.text)"] }
        var rows = sources.map { source in
            (name: source.address.description, count: source.denials.count, rest: Self.text(source.denials, source.label?.rawValue))
        }
        if let others {
            let known = others.sourcesAtLeast > 0 ? "at least \(Self.addresses(others.sourcesAtLeast))" : nil
            rows.append(("others", others.denials.count, Self.text(others.denials, known)))
        }
        if notShown.count > 0 { rows.append(("not shown", notShown.count, Self.addresses(notShown.sources))) }
        rows.append(("total", total, "since \(since.text)"))
        let nameWidth = rows.map(\.name.utf8.count).max() ?? 0
        let countWidth = rows.map { "\($0.count)".utf8.count }.max() ?? 0
        return warning
            + rows.map { row in
                let count = "\(row.count)"
                return row.name + Self.space(nameWidth - row.name.utf8.count + 2) + Self.space(countWidth - count.utf8.count) + count + "  "
                    + row.rest
            }
    }

    private static func text(_ denials: Denials, _ label: String?) -> String {
        let reasons =
            denials.reasons.count == 1
            ? denials.reasons[0].word : denials.reasons.map { "\($0.word) \($0.count)" }.joined(separator: ", ")
        return "\(reasons)  first \(denials.first.text)  last \(denials.last.text)" + (label.map { "  \($0)" } ?? "")
    }

    private static func addresses(_ count: some BinaryInteger) -> String { count == 1 ? "1 address" : "\(count) addresses" }

    private static func space(_ width: Int) -> String { String(repeating: " ", count: width) }

    // MARK: For scripts

    var json: JSON {
        .object(
            of: ("since", .time(since)), ("total", .number(total)), ("sources", .array(sources.map(Self.json))),
            ("others", others.map { Self.json($0.denials, also: [("sources_at_least", .number($0.sourcesAtLeast))]) }),
            ("not_shown", .object(of: ("count", .number(notShown.count)), ("sources", .number(notShown.sources)))),
            ("warning", warning.map(JSON.string)))
    }

    private static func json(_ source: Source) -> JSON {
        json(
            source.denials, named: [("address", .string(source.address.description))],
            also: [("label", source.label.map { .string($0.rawValue) })])
    }

    private static func json(
        _ denials: Denials, named name: [(name: String, value: JSON?)] = [], also more: [(name: String, value: JSON?)]
    ) -> JSON {
        let reasons = JSON.object(of: denials.reasons.map { ($0.word, .number($0.count)) })
        let fields: [(name: String, value: JSON?)] = [
            ("count", .number(denials.count)), ("reasons", reasons), ("first_at", .time(denials.first)), ("last_at", .time(denials.last)),
        ]
        return .object(of: name + fields + more)
    }
}
