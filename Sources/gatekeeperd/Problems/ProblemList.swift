/// The problems that there are, each since when, from one judgement to the next.
struct ProblemList: Equatable, Sendable {
    /// The oldest first.
    private(set) var problems: [Problem] = []

    struct Change: Equatable, Sendable {
        var begun: [Problem] = []
        var over: [Problem] = []
    }

    /// More are told as a number: a list is for people.
    static let problemsMax = 100

    /// Replaces them by those that were found now; one that was there before keeps the moment since when it is.
    mutating func follow(_ found: [Problem]) -> Change {
        var change = Change()
        var next: [Problem] = []
        for var problem in found.prefix(Self.problemsMax) where !next.contains(where: problem.isSame) {
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
}
