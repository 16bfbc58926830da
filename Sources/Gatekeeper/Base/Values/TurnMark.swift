internal import Synchronization

/// The time that a loop's present turn is stamped with, for whoever puts in order what several loops tell.
///
/// ```
///   loop:   wait ─▶ mark = the last time ─▶ read the clock ─▶ mark = that time ─▶ work, tell ─▶ mark = none ─▶ wait
/// ```
///
/// What a loop has yet to tell is no older than its mark; while it waits, no older than the moment of asking. Marked before the clock is read, so that a
/// thread that is stopped in between isn't taken for one that waits.
final class TurnMark: Sendable {
    private let milliseconds = Atomic<Int64>(.max)

    func set(_ wallMilliseconds: Int64) {
        milliseconds.store(wallMilliseconds, ordering: .relaxed)
    }

    func clear() {
        milliseconds.store(.max, ordering: .relaxed)
    }

    /// `Int64.max` while the loop waits.
    var value: Int64 { milliseconds.load(ordering: .relaxed) }
}
