internal import Synchronization

/// Where one thread waits until several others have done their part.
final class Latch: Sendable {
    private let remaining: Atomic<Int>
    /// Nil when no descriptor is left; the wait then looks again and again.
    private let bell: Bell?

    init(_ count: Int) {
        remaining = Atomic(count)
        bell = try? Bell()
    }

    func finish() {
        guard remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0, let bell else { return }
        bell.ring()
    }

    /// False if some weren't done within `milliseconds`.
    @discardableResult
    func wait(milliseconds: Int32) -> Bool {
        if let bell {
            if remaining.load(ordering: .acquiring) > 0 { _ = bell.wait(milliseconds: milliseconds) }
            return remaining.load(ordering: .acquiring) == 0
        }
        for _ in 0..<milliseconds where remaining.load(ordering: .acquiring) > 0 { System.sleep(milliseconds: 1) }
        return remaining.load(ordering: .acquiring) == 0
    }
}
