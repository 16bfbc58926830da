internal import Glibc

/// A moment on the calendar, in milliseconds since 1970-01-01T00:00:00Z: what is written down and what people are told.
struct WallTime: Comparable, Hashable, Sendable {
    var milliseconds: Int64

    static func now() -> WallTime {
        var time = timespec()
        // SAFETY: the call fills in one local structure; it can't fail for this clock.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    static func < (a: WallTime, b: WallTime) -> Bool { a.milliseconds < b.milliseconds }

    /// Saturates at both ends of the calendar.
    func advanced(byMilliseconds amount: Int64) -> WallTime {
        let (sum, overflow) = milliseconds.addingReportingOverflow(amount)
        return WallTime(milliseconds: overflow ? (amount < 0 ? .min : .max) : sum)
    }

    /// Milliseconds from `earlier` to this moment; negative if it is later. Saturates.
    func milliseconds(since earlier: WallTime) -> Int64 {
        let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return overflow ? (earlier.milliseconds < 0 ? .max : .min) : difference
    }

    /// RFC 3339 to the second, in UTC: `2026-03-01T12:00:00Z`.
    var text: String { text(separators: true) }

    /// The same without separators, as file names carry it: `20260301T120000Z`.
    var compactText: String { text(separators: false) }

    private func text(separators: Bool) -> String {
        // Years beyond 9999 and before 1970 are shown as the nearest that isn't.
        var seconds = time_t(min(max(milliseconds, 0), 253_402_300_799_999) / 1000)
        var parts = unsafe tm()
        // SAFETY: gmtime_r reads one number and fills in one structure, both local.
        _ = unsafe gmtime_r(&seconds, &parts)
        let date = unsafe [Self.digits(parts.tm_year + 1900), Self.digits(parts.tm_mon + 1), Self.digits(parts.tm_mday)]
        let time = unsafe [Self.digits(parts.tm_hour), Self.digits(parts.tm_min), Self.digits(parts.tm_sec)]
        return date.joined(separator: separators ? "-" : "") + "T" + time.joined(separator: separators ? ":" : "") + "Z"
    }

    private static func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
