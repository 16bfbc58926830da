internal import Glibc
internal import Synchronization

/// The one thread that writes the log, and how to wait for its end with a limit.
///
/// All signals are blocked on it: SIGTERM is for whoever waits for it, and a log pipe whose reader has gone must be an error, not the end.
final class JournalThread: Sendable {
    private let thread: Mutex<Thread?>
    /// Shared with the thread, which may be left behind.
    private let done: Bell

    /// Runs `body` on a thread of its own named `journal`.
    init(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let done = try Bell()
        thread = Mutex(
            try Thread(name: "journal") {
                Self.blockSignals()
                body()
                done.ring()
            })
        self.done = done
    }

    /// Waits for the body to end. After `milliseconds` returns false, and the thread goes on; true only once.
    func join(withinMilliseconds milliseconds: Int) -> Bool {
        let deadline = System.now().advanced(byMilliseconds: milliseconds)
        // A signal ends a wait early.
        while !done.wait(milliseconds: Self.milliseconds(until: deadline)) {
            if System.now() >= deadline { return false }
        }
        guard let thread = thread.withLock({ $0.take() }) else { return false }
        thread.join()
        return true
    }

    private static func milliseconds(until deadline: Instant) -> Int32 {
        Int32(clamping: deadline.nanoseconds(since: System.now()) / 1_000_000 + 1)
    }

    private static func blockSignals() {
        var all = sigset_t()
        // SAFETY: both calls read and write the local set only.
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
