internal import Synchronization

/// Whether one ticket system answers, as all workers have seen it.
///
/// ```
///            3 failures in a row                     passive: back-off is over, one request may try
///   up ────────────────────────────▶ down ───────────────────────────────────────────────────────────▶ up
///    ▲                                │   active: a check has been answered
///    └────── a response ──────────────┘
/// ```
///
/// What counts as a failure is decided by who saw it: no connection, no TLS, no answer on a fresh connection, no answer in time. A status,
/// whatever it says, is an answer.
final class UpstreamHealth: Sendable {
    static let failuresMax = 3
    /// The first back-off; each trial that fails doubles it.
    static let backOffMilliseconds = 1_000
    static let backOffMillisecondsMax = 30_000

    enum Change: Equatable {
        case down
        case up
    }

    /// With active checks only they, or an answer that was still on its way, bring it back.
    private let isChecked: Bool
    /// Both read on every request; the lock is taken only when something is wrong.
    private let isDown = Atomic(false)
    private let failures = Atomic(0)
    private let trial: Mutex<Trial>

    private struct Trial {
        var backOffMilliseconds = UpstreamHealth.backOffMilliseconds
        var at = Instant(nanoseconds: 0)
    }

    init(isChecked: Bool) {
        self.isChecked = isChecked
        trial = Mutex(Trial())
    }

    /// Whether a request may be sent there now. While it is down that is so once after each back-off.
    func mayTry(now: Instant) -> Bool {
        guard isDown.load(ordering: .relaxed) else { return true }
        guard !isChecked else { return false }
        return trial.withLock { trial in
            guard now >= trial.at else { return false }
            trial.at = now.advanced(byMilliseconds: trial.backOffMilliseconds)
            return true
        }
    }

    /// Whether `mayTry` would say yes; takes nobody's turn.
    func wouldTry(now: Instant) -> Bool {
        isUp || !isChecked && now >= trialInstant
    }

    /// When the back-off ends, for choosing among several that are all down.
    var trialInstant: Instant { trial.withLock { $0.at } }

    /// As far as is known.
    var isUp: Bool { !isDown.load(ordering: .relaxed) }

    func noteSuccess() -> Change? {
        guard failures.load(ordering: .relaxed) != 0 else { return nil }
        failures.store(0, ordering: .relaxed)
        guard isDown.exchange(false, ordering: .relaxed) else { return nil }
        trial.withLock { $0 = Trial() }
        return .up
    }

    /// - Parameter jitter: 0.75…1.25 of the back-off, so that workers and doors don't try in step.
    func noteFailure(now: Instant, jitter: Double = .random(in: 0.75...1.25)) -> Change? {
        let count = failures.add(1, ordering: .relaxed).newValue
        guard count >= Self.failuresMax else { return nil }
        trial.withLock { trial in
            trial.at = now.advanced(byMilliseconds: Int(Double(trial.backOffMilliseconds) * jitter))
            trial.backOffMilliseconds = min(trial.backOffMilliseconds * 2, Self.backOffMillisecondsMax)
        }
        return isDown.exchange(true, ordering: .relaxed) ? nil : .down
    }
}
