internal import Gatekeeper

/// A moment on the calendar, in milliseconds since 1970-01-01T00:00:00Z: what is written down and what people are told.
struct WallTime: Comparable, Hashable, Sendable {
    var milliseconds: Int64

    static func now() -> WallTime {
        WallTime(milliseconds: System.wallMilliseconds())
    }

    static let hourMilliseconds: Int64 = 3_600_000

    /// The beginning of an hour since 1970.
    init(hour: Int64) {
        self.init(milliseconds: hour * Self.hourMilliseconds)
    }

    init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The hour since 1970 that it lies in; the first one for what lies before.
    var hour: Int64 { max(0, milliseconds) / Self.hourMilliseconds }

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
        let seconds = min(max(milliseconds, 0), 253_402_300_799_999) / 1000
        let date = CivilDate(daysSince1970: seconds / 86_400)
        let day = [date.year, date.month, date.day].map(Self.digits)
        let time = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(Self.digits)
        return day.joined(separator: separators ? "-" : "") + "T" + time.joined(separator: separators ? ":" : "") + "Z"
    }

    private static func digits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
