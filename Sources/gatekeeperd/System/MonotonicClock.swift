internal import Gatekeeper
internal import Glibc

/// The clock that deadlines are measured with.
enum MonotonicClock {
    static func now() -> Instant {
        var time = timespec()
        // SAFETY: the call fills in one local structure; it can't fail for this clock.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }
}
