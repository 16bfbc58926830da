import Foundation

/// A value that several threads read and change, and wait for.
///
/// `@unchecked`: `stored` is touched only with `condition` held.
final class Guarded<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var stored: Value

    init(_ value: Value) { stored = value }

    var value: Value { condition.withLock { stored } }

    func change(_ body: (inout Value) -> Void) {
        condition.withLock {
            body(&stored)
            condition.broadcast()
        }
    }

    /// False if `isWanted` didn't hold within `seconds`.
    func wait(seconds: Double, _ isWanted: (Value) -> Bool) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        return condition.withLock {
            while !isWanted(stored) {
                guard condition.wait(until: deadline) else { return isWanted(stored) }
            }
            return true
        }
    }
}
