internal import Synchronization

/// Whether one ticket system answers, as all workers have seen it.
///
/// ```
///          a check after a failed request fails, 3 checks in a row,
///          or 3 requests where others can stand in and nobody checks
///   up ──────────────────────────────────────────────────────────────▶ down
///    ▲                                                                   │
///    └──────── a response; a check has been answered ────────────────────┘
/// ```
///
/// A failed request is a suspicion and has it asked at once (`UpstreamInquest`); one that answers checks is never out, however slow a report
/// is. What counts as a failure is decided by who saw it: no connection, no TLS, no answer on a fresh connection, no answer in time. A status,
/// whatever it says, is an answer to a request.
///
/// While it is down and nobody checks it, one request may try after each back-off.
final class UpstreamHealth: Sendable {
    static let failuresMax = 3
    /// The first back-off; each retry that fails doubles it.
    static let backOffMilliseconds = 1_000
    static let backOffMillisecondsMax = 30_000

    enum Change: Equatable {
        case down
        case up
    }

    /// With active checks only they, or an answer that was still on its way, bring it back.
    private let isChecked: Bool
    /// Nobody stands in for it.
    private let isSole: Bool
    /// Both read on every request, and written with the lock held, which is taken only when something is wrong: a check that is answered and one
    /// that isn't may end at the same moment, with two workers.
    private let isDown = Atomic(false)
    private let failures = Atomic(0)
    private let retry: Mutex<Retry>

    private struct Retry {
        var backOffMilliseconds = UpstreamHealth.backOffMilliseconds
        var at = Instant(nanoseconds: 0)
        var isAsked = false
        var askedAgain = Instant(nanoseconds: 0)
    }

    /// After an answer it isn't asked again for so long.
    private static let askPauseMilliseconds = 200

    init(isChecked: Bool, isSole: Bool = false) {
        self.isChecked = isChecked
        self.isSole = isSole
        retry = Mutex(Retry())
    }

    /// Whether a request may be sent there now. While it is down that is so once after each back-off.
    func mayTry(now: Instant) -> Bool {
        guard isDown.load(ordering: .relaxed) else { return true }
        guard !isChecked else { return false }
        return retry.withLock { retry in
            guard now >= retry.at else { return false }
            retry.at = now.advanced(byMilliseconds: retry.backOffMilliseconds)
            return true
        }
    }

    /// Whether `mayTry` would say yes; takes nobody's turn.
    func wouldTry(now: Instant) -> Bool {
        isUp || !isChecked && now >= retryInstant
    }

    /// When the back-off ends, for choosing among several that are all down.
    var retryInstant: Instant { retry.withLock { $0.at } }

    /// As far as is known.
    var isUp: Bool { !isDown.load(ordering: .relaxed) }

    func noteSuccess() -> Change? {
        guard failures.load(ordering: .relaxed) != 0 else { return nil }
        return retry.withLock { retry in
            failures.store(0, ordering: .relaxed)
            guard isDown.exchange(false, ordering: .relaxed) else { return nil }
            retry.backOffMilliseconds = Self.backOffMilliseconds
            retry.at = Instant(nanoseconds: 0)
            return .up
        }
    }

    /// A request has failed. That alone takes it out only where others can stand in and no check can tell.
    ///
    /// - Parameter jitter: 0.75…1.25 of the back-off, so that workers and doors don't try in step.
    func noteFailure(now: Instant, jitter: Double = .random(in: 0.75...1.25)) -> Change? {
        guard !isChecked, !isSole || !isUp else { return nil }
        return count(1, now: now, jitter: jitter)
    }

    /// A check wasn't answered.
    ///
    /// - Parameter isPrompted: a request had failed before; two that say the same are enough.
    func noteSilence(now: Instant, isPrompted: Bool, jitter: Double = .random(in: 0.75...1.25)) -> Change? {
        count(isPrompted ? Self.failuresMax : 1, now: now, jitter: jitter)
    }

    private func count(_ weight: Int, now: Instant, jitter: Double) -> Change? {
        retry.withLock { retry in
            guard failures.add(weight, ordering: .relaxed).newValue >= Self.failuresMax else { return nil }
            retry.at = now.advanced(byMilliseconds: Int(Double(retry.backOffMilliseconds) * jitter))
            retry.backOffMilliseconds = min(retry.backOffMilliseconds * 2, Self.backOffMillisecondsMax)
            return isDown.exchange(true, ordering: .relaxed) ? nil : .down
        }
    }

    // MARK: Asking

    /// It is to be asked now, by whoever gets `true`; each is to be matched by one `noteAsked`. False while somebody does that, and shortly after.
    func mayAsk(now: Instant) -> Bool {
        retry.withLock { retry in
            guard !retry.isAsked, now >= retry.askedAgain else { return false }
            retry.isAsked = true
            return true
        }
    }

    func noteAsked(now: Instant) {
        retry.withLock { retry in
            retry.isAsked = false
            retry.askedAgain = now.advanced(byMilliseconds: Self.askPauseMilliseconds)
        }
    }
}
