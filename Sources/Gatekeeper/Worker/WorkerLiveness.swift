internal import Synchronization

/// Whether workers still run their event loops: each is asked, and has to answer before it is asked again.
final class WorkerLiveness: Sendable {
    /// Workers that the last question still waits for.
    private let unanswered = Atomic(0)
    private let askedAt = Mutex(Instant(nanoseconds: 0))

    /// Asks again if everyone has answered the last question; false if somebody hasn't. For one thread.
    func heartbeat(_ workers: [Worker]) -> Bool {
        guard unanswered.load(ordering: .acquiring) == 0 else { return false }
        unanswered.store(workers.count, ordering: .releasing)
        for worker in workers {
            Task(executorPreference: worker.loop) { [self] in
                await worker.answer()
                unanswered.subtract(1, ordering: .acquiringAndReleasing)
            }
        }
        return true
    }

    /// The same for whoever asks at moments of his own choosing, twice within a millisecond or once an hour: false if somebody hasn't answered
    /// for longer than his patience.
    func isResponsive(_ workers: [Worker], now: Instant, within milliseconds: Int) -> Bool {
        askedAt.withLock { askedAt in
            guard heartbeat(workers) else { return now < askedAt.advanced(byMilliseconds: milliseconds) }
            askedAt = now
            return true
        }
    }
}
