import Foundation

/// A value that one thread provides once and others wait for.
///
/// `@unchecked`: `stored` is touched only with `condition` held.
final class Awaited<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var stored: Value?

    var value: Value? {
        condition.withLock { stored }
    }

    func resolve(_ value: Value) {
        condition.withLock {
            stored = value
            condition.broadcast()
        }
    }

    /// The value, or nil if it isn't there in time.
    func wait(seconds: Double) -> Value? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        return condition.withLock {
            while stored == nil, condition.wait(until: deadline) {}
            return stored
        }
    }
}
