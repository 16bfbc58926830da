internal import Synchronization

/// What workers had counted when they ended, so that the last request before a restart is counted like any other.
final class DepartedCounts: Sendable {
    private let counts = Mutex<[(verdicts: VerdictTally, answers: AnswerTallies)]>([])

    /// A worker says this once, at its end.
    func add(_ verdicts: VerdictTally, _ answers: AnswerTallies) { counts.withLock { $0.append((verdicts, answers)) } }

    var all: [(verdicts: VerdictTally, answers: AnswerTallies)] { counts.withLock { $0 } }
}
