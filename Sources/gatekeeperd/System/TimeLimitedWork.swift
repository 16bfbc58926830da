internal import Gatekeeper
internal import Glibc
internal import Synchronization

/// Work on a thread of its own that is waited for with a deadline and then left alone: a name server that doesn't answer, or a file system
/// that hangs, holds up a call of the system's for as long as it likes.
final class TimeLimitedWork<Value: Sendable>: Sendable {
    private let outcome: Outcome

    /// Outlives whoever gave up waiting.
    private final class Outcome: Sendable {
        let value = Mutex<Value?>(nil)
        let bell: ReadinessPipe

        init() throws(SystemError) {
            bell = try ReadinessPipe()
        }

        func set(_ value: Value) {
            self.value.withLock { $0 = value }
            var byte: UInt8 = 1
            // SAFETY: one byte of this frame is lent for the call.
            _ = unsafe write(bell.writing.number, &byte, 1)
        }
    }

    init(_ work: @escaping @Sendable () -> Value) throws(SystemError) {
        let outcome = try Outcome()
        self.outcome = outcome
        try Thread(name: "limited-work") { outcome.set(work()) }.detach()
    }

    /// What came of it; nil when it isn't done at the deadline.
    func result(until deadline: Instant) -> Value? {
        while true {
            if let value = outcome.value.withLock({ $0 }) { return value }
            let now = System.now()
            guard now < deadline else { return nil }
            let milliseconds = (deadline.nanoseconds(since: now) + 999_999) / 1_000_000
            _ = Poll.wait(for: outcome.bell.reading.number, milliseconds: Int32(clamping: milliseconds))
        }
    }
}
