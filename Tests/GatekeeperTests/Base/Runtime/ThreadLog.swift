import Glibc
import Synchronization

/// Which threads something ran on.
final class ThreadLog: Sendable {
    private struct State {
        var owner: pthread_t?
        var seen: Set<pthread_t> = []
        var count = 0
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }
    /// Everything ran on the owner's thread.
    var isOneThread: Bool { state.withLock { $0.seen.count == 1 && $0.seen.first == $0.owner } }

    func remember(owner: pthread_t) {
        state.withLock { $0.owner = owner }
    }

    func note(_ thread: pthread_t) {
        state.withLock {
            $0.seen.insert(thread)
            $0.count += 1
        }
    }
}
