/// The problems that there are, each since when, from one judgement to the next.
struct ProblemList: Equatable, Sendable {
    /// The oldest first.
    private(set) var problems: [Problem] = []

    struct Change: Equatable, Sendable {
        var begun: [Problem] = []
        var over: [Problem] = []
    }

    /// More are told as a number, in the place of the last: a list is for people.
    static let problemsMax = 100

    /// Replaces them by those that were found now; one that was there before keeps the moment since when it is.
    mutating func follow(_ found: [Problem]) -> Change {
        var change = Change()
        var next: [Problem] = []
        for var problem in Self.bounded(found) {
            if let known = problems.first(where: problem.isSame) {
                problem.since = min(known.since, problem.since)
            } else {
                change.begun.append(problem)
            }
            next.append(problem)
        }
        change.over = problems.filter { old in !next.contains(where: old.isSame) }
        // In the order in which they were found where they began together.
        problems = next.enumerated().sorted { ($0.element.since, $0.offset) < ($1.element.since, $1.offset) }.map(\.element)
        return change
    }

    /// Each once, the first ones of many.
    private static func bounded(_ found: [Problem]) -> [Problem] {
        var shown: [Problem] = []
        var others: [Problem] = []
        var known: Set<String> = []
        for problem in found where known.insert("\(problem.kind.rawValue) \(problem.subject)").inserted {
            if shown.count < problemsMax { shown.append(problem) } else { others.append(problem) }
        }
        guard !others.isEmpty, let last = shown.popLast() else { return shown }
        others.append(last)
        let summary = Problem(
            .moreProblems, "there are \(others.count) more problems than are listed", cure: "mend those that are listed; the others follow",
            since: others.map(\.since).min() ?? last.since)
        return shown + [summary]
    }
}
