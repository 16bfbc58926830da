internal import Synchronization

/// How workers wake the journal: hardly ever.
///
/// ```
///   worker: publish a record ─ fence ─ sleeping? ──no──▶ done           journal: sleeping = true ─ fence ─ anything there? ─▶ poll
///                                          └─yes (one of them)─▶ eventfd
/// ```
///
/// With a fence on both sides, either the worker sees that the journal sleeps or the journal sees the record (Dekker). Under load the
/// journal doesn't sleep but gathers, and a worker pays a fence and a load for each record.
final class JournalSignal: Sendable {
    private let isSleeping = Atomic<Bool>(false)
    private let bell: Bell

    init() throws(SystemError) {
        bell = try Bell()
    }

    func wakeIfSleeping() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isSleeping.load(ordering: .relaxed) else { return }
        if isSleeping.exchange(false, ordering: .relaxed) { wake() }
    }

    /// Ends a sleep or a gathering, the current one or the next. Async-signal-safe.
    func wake() {
        bell.ring()
    }

    /// Waits until woken or until `timeoutMilliseconds` (nil: forever) have passed, unless there is something already.
    func sleep(timeoutMilliseconds: Int?, unless isReady: () -> Bool) {
        isSleeping.store(true, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if !isReady() { wait(timeoutMilliseconds) }
        isSleeping.store(false, ordering: .relaxed)
    }

    /// Lets records collect, so that many are written at once; `wake` ends it early.
    func gather(milliseconds: Int) {
        wait(milliseconds)
    }

    private func wait(_ timeoutMilliseconds: Int?) {
        let timeout = timeoutMilliseconds.map { Int32(clamping: $0) } ?? -1
        if bell.wait(milliseconds: timeout) { bell.silence() }
    }
}
