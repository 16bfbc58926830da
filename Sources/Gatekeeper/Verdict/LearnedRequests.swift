internal import Synchronization

/// How the journal tells the control thread which requests there are, while `learn` is on.
///
/// ```
///   journal thread ─ note ─▶ RequestLearner ─ take ─▶ control thread ─▶ ledger
/// ```
///
/// Nothing on the data path waits for it: a worker puts one record of a request into its ring, as for the log. What found no room there is
/// counted with the log's lines.
final class LearnedRequests: Sendable {
    private let learner = Mutex<RequestLearner?>(nil)
    private let learns = Atomic<Bool>(false)

    var isOn: Bool { learns.load(ordering: .relaxed) }

    /// What isn't in the ledger yet is forgotten when it is turned off.
    func turn(on isOn: Bool) {
        learner.withLock { learner in
            guard isOn else { return learner = nil }
            if learner == nil { learner = RequestLearner() }
        }
        learns.store(isOn, ordering: .relaxed)
    }

    func note(label: String, method: Span<UInt8>, target: Span<UInt8>, isCut: Bool, status: UInt16, wallMilliseconds: Int64) {
        learner.withLock { learner -> Void in
            learner?.note(label: label, method: method, target: target, isCut: isCut, status: status, wallMilliseconds: wallMilliseconds)
        }
    }

    func take(isLast: Bool, wallMilliseconds: Int64) -> LearnedTake {
        learner.withLock { $0?.take(isLast: isLast, wallMilliseconds: wallMilliseconds) ?? LearnedTake() }
    }

    func putBack(_ take: LearnedTake) { learner.withLock { learner -> Void in learner?.putBack(take) } }

    func know(_ templates: [LearnedTemplate], wallMilliseconds: Int64) {
        learner.withLock { learner -> Void in learner?.know(templates, wallMilliseconds: wallMilliseconds) }
    }
}
