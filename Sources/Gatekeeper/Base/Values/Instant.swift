/// A moment on the monotonic clock, in nanoseconds since an arbitrary start: what deadlines and ages are made of.
///
/// Protocol code takes it as a parameter and never asks a clock.
package struct Instant: Comparable, Sendable {
    package var nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static var distantFuture: Instant { Instant(nanoseconds: .max) }

    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Saturates: a timeout of centuries is `distantFuture`, not an overflow.
    package func advanced(byMilliseconds milliseconds: Int) -> Instant {
        let (product, overflow) = UInt64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
        let (sum, carry) = nanoseconds.addingReportingOverflow(product)
        return overflow || carry ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// Nanoseconds from `earlier` to this instant, 0 if it isn't earlier.
    package func nanoseconds(since earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}
