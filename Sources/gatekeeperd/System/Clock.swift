internal import Glibc

/// The two clocks of the control thread.
enum Clock {
    /// Milliseconds since 1970-01-01T00:00:00Z: for what an admin gave an end to. May jump.
    static var wallMilliseconds: Int64 { milliseconds(of: CLOCK_REALTIME) }

    /// Milliseconds since some moment; only ever goes forward.
    static var monotonicMilliseconds: Int64 { milliseconds(of: CLOCK_MONOTONIC) }

    private static func milliseconds(of clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
