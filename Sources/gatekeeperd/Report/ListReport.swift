internal import Gatekeeper

/// A list that changes, as it is told of: what is admitted of it, and what waits for a person.
struct ListReport: Equatable, Sendable {
    var label: String
    /// Its label, and the host that it is at or the name.
    var name: String
    /// Somebody has to accept what changes.
    var isProposed: Bool
    /// Who is admitted by it.
    var entries: [AddressPrefix] = []
    /// Since when each of them, where that is known.
    var listedAt: [AddressPrefix: WallTime] = [:]
    var acceptedAt: WallTime?
    /// Nil for what a name stands for.
    var acceptedBy: Requester?
    var proposal: Proposal?
    /// The last look that came to something.
    var lookedAt: WallTime?
    var failure: Failure?

    struct Proposal: Equatable, Sendable {
        var entries: [AddressPrefix]
        var since: WallTime
        /// The first digits of a SHA-256 of the entries: by it is accepted what was shown, not what has come since.
        var digest: String
        var added: [AddressPrefix]
        var removed: [AddressPrefix]

        /// `+ 203.0.113.9, - 203.0.113.7 (5 entries then)`.
        var difference: String {
            let lines = added.map { "+ \($0)" } + removed.map { "- \($0)" }
            let shown = lines.prefix(ListReport.linesMax).joined(separator: ", ")
            let rest = lines.count - ListReport.linesMax
            return "\(shown)\(rest > 0 ? " and \(rest) more" : "") (\(Quantity.counted(entries.count, "entry", plural: "entries")) then)"
        }
    }

    struct Failure: Equatable, Sendable {
        var reason: String
        var since: WallTime
        /// What came may not be admitted; otherwise nothing came.
        var isRefusal: Bool
    }

    private static let linesMax = 10
    private static let originPrefix = "list "

    /// Of the entries of the allow-list that it makes.
    static func origin(_ label: String) -> String { originPrefix + label }

    static func isOrigin(_ origin: String?) -> Bool { origin?.hasPrefix(originPrefix) ?? false }

    var acceptCommand: String { "gatekeeperd lists accept \(ShellText.word(label))" }

    /// For people, in one line.
    func line(at now: WallTime) -> String {
        var state = entries.isEmpty ? "admits nobody" : "admits \(Quantity.counted(entries.count, "entry", plural: "entries"))"
        if let acceptedBy, let acceptedAt { state += ", accepted by \(acceptedBy) \(TimeText.since(acceptedAt, until: now))" }
        state += lookedAt.map { ", looked at \(TimeText.since($0, until: now))" } ?? ", not looked at yet"
        if proposal != nil { state += ", a change is proposed" }
        return "\(name)  \(state)"
    }

    /// For people: a line for the list, and those that belong to it.
    func lines(at now: WallTime) -> [String] {
        var lines = [line(at: now)]
        lines += entries.map { entry in "    \(entry)" + (listedAt[entry].map { "  since \($0.text)" } ?? "") }
        if let failure {
            let what = failure.isRefusal ? "what is there can't be taken" : "can't be looked at"
            lines.append("  \(what) since \(failure.since.text): \(failure.reason)")
        }
        guard let proposal else { return lines }
        lines.append("  proposed since \(proposal.since.text), digest \(proposal.digest):")
        lines += proposal.added.map { "    + \($0)" } + proposal.removed.map { "    - \($0)" }
        lines.append("  compare it with what the vendor says, then: \(acceptCommand) --digest \(proposal.digest)")
        return lines
    }

    /// The entries by the moments since when, the earliest first: most came together.
    private var listedJSON: JSON {
        var groups: [WallTime: [String]] = [:]
        for entry in entries { if let time = listedAt[entry] { groups[time, default: []].append(entry.description) } }
        return .array(
            groups.sorted { $0.key < $1.key }.map { .object(of: ("listed_at", .time($0.key)), ("entries", .strings($0.value))) })
    }

    var json: JSON {
        .object(
            of: ("label", .string(label)), ("name", .string(name)), ("needs_consent", .boolean(isProposed)),
            ("entries", .strings(entries.map(\.description))), ("listed", listedJSON), ("accepted_at", acceptedAt.map(JSON.time)),
            ("accepted_by", acceptedBy?.json),
            ("looked_at", lookedAt.map(JSON.time)),
            (
                "proposal",
                proposal.map { proposal in
                    .object(
                        of: ("digest", .string(proposal.digest)), ("since", .time(proposal.since)),
                        ("entries", .strings(proposal.entries.map(\.description))),
                        ("added", .strings(proposal.added.map(\.description))), ("removed", .strings(proposal.removed.map(\.description))))
                }
            ),
            (
                "failure",
                failure.map { failure in
                    .object(
                        of: ("reason", .string(failure.reason)), ("since", .time(failure.since)), ("refused", .boolean(failure.isRefusal)))
                }
            ))
    }
}
