internal import Synchronization

/// Which version of HTTP one ticket system answers in, judged over several answers: one of HTTP/1.0 takes no chunks and never sends 100.
///
/// A single answer proves nothing: PHP's `header('HTTP/1.0 404 Not Found')` changes the version of that answer alone, and whoever may ask for a
/// page that isn't there could have everybody's uploads refused. So it takes three answers in a row, and none in HTTP/1.1 for ten minutes.
/// It is forgotten five minutes after the last of them: the next request tries again, and its answer tells.
final class SpokenVersion: Sendable {
    static let answersMin = 3
    static let forgottenAfterMilliseconds = 300_000
    static let remembersHTTP11Milliseconds = 600_000
    /// An answer in HTTP/1.1 is noted once in this time, so that workers don't write to one cache line with each.
    private static let notedEveryNanoseconds: UInt64 = 1_000_000_000

    /// Answers in HTTP/1.0 since the last one in HTTP/1.1.
    private let inRow = Atomic(0)
    /// In nanoseconds; 0 is never.
    private let lastHTTP10 = Atomic<UInt64>(0)
    private let lastHTTP11 = Atomic<UInt64>(0)

    func note(_ version: HTTPVersion, now: Instant) {
        guard version == .http11 else {
            lastHTTP10.store(now.nanoseconds, ordering: .relaxed)
            inRow.add(1, ordering: .relaxed)
            return
        }
        if now.nanoseconds &- lastHTTP11.load(ordering: .relaxed) > Self.notedEveryNanoseconds {
            lastHTTP11.store(now.nanoseconds, ordering: .relaxed)
        }
        if inRow.load(ordering: .relaxed) != 0 { inRow.store(0, ordering: .relaxed) }
    }

    func isHTTP10(now: Instant) -> Bool {
        guard inRow.load(ordering: .relaxed) >= Self.answersMin else { return false }
        let last10 = Instant(nanoseconds: lastHTTP10.load(ordering: .relaxed))
        guard now < last10.advanced(byMilliseconds: Self.forgottenAfterMilliseconds) else { return false }
        let last11 = lastHTTP11.load(ordering: .relaxed)
        return last11 == 0 || now >= Instant(nanoseconds: last11).advanced(byMilliseconds: Self.remembersHTTP11Milliseconds)
    }
}
