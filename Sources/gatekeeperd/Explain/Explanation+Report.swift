internal import Gatekeeper

/// As people and scripts get it.
extension Explanation {
    /// One for each step, then the verdict.
    var lines: [String] {
        steps.map { step in "\(step.stage.word): \(step.text)" + (step.origin.map { "  (\($0))" } ?? "") } + [verdict.text]
    }

    var json: JSON {
        .object(
            of: [("verdict", .string(verdict.word))] + verdict.members
                + [
                    (
                        "steps",
                        .array(
                            steps.map { step in
                                .object(
                                    of: ("stage", .string("\(step.stage.word)")), ("text", .string(step.text)),
                                    ("origin", step.origin.map(JSON.string)), ("listed_at", step.listedAt.map(JSON.time)))
                            })
                    )
                ])
    }
}

extension Explanation.Verdict {
    var word: String {
        switch self {
        case .admitted: "admitted"
        case .denied: "denied"
        case .refused: "refused"
        }
    }

    fileprivate var text: String {
        switch self {
        case .admitted: word
        case .denied(let reason): "\(word): \(reason)"
        case .refused(let status?, let reason): "\(word): \(status) \(reason)"
        case .refused(nil, let reason): "\(word): \(reason)"
        }
    }

    fileprivate var members: [(name: String, value: JSON?)] {
        switch self {
        case .admitted: []
        case .denied(let reason): [("reason", .string(reason))]
        case .refused(let status, let reason): [("reason", .string(reason)), ("status", status.map { .number($0) })]
        }
    }
}

extension TargetForm {
    /// RFC 9112's word for it.
    var word: String {
        switch self {
        case .origin: "origin"
        case .absolute: "absolute"
        case .authority: "authority"
        case .asterisk: "asterisk"
        }
    }
}
