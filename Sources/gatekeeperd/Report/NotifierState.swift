/// How it stands with one of those who are told of problems.
struct NotifierState: Equatable, Sendable {
    var name: String
    /// Since when, and why, nothing reaches it; nil while that isn't known.
    var trouble: Trouble?
    /// What came of the last test; nil without one.
    var test: Test?

    struct Trouble: Equatable, Sendable {
        var since: WallTime
        var reason: String
    }

    enum Test: Equatable, Sendable {
        case underWay
        case delivered
        case failed(String)
    }

    /// For people; nil without a test.
    var testLine: String? {
        switch test {
        case nil: nil
        case .underWay: "\(name): under way"
        case .delivered: "\(name): delivered"
        case .failed(let reason): "\(name): NOT delivered: \(reason)"
        }
    }

    var json: JSON {
        let word: String? =
            switch test {
            case nil: nil
            case .underWay: "under_way"
            case .delivered: "delivered"
            case .failed: "failed"
            }
        let reason: String? = if case .failed(let reason) = test { reason } else { trouble?.reason }
        return .object(
            of: ("name", .string(name)), ("test", word.map { .string($0) }), ("reason", reason.map { .string($0) }),
            ("failing_since", trouble.map { .string($0.since.text) }))
    }
}
