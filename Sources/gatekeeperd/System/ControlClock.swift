internal import Gatekeeper

/// One moment by both clocks: the one that only goes forward, for deadlines, and the calendar, which may jump, for what people are told.
struct Moment: Equatable, Sendable {
    var instant: Instant
    var wallTime: WallTime
}

/// What the control thread goes by: the system's clocks, or those that a test turns.
struct ControlClock: Sendable {
    let now: @Sendable () -> Moment

    static let system = ControlClock { Moment(instant: System.now(), wallTime: .now()) }
}

/// When something is to be done, by the clock that it goes by.
enum DueTime: Equatable, Sendable {
    case instant(Instant)
    case calendar(WallTime)

    /// How long the calendar may jump without our noticing.
    private static let calendarMilliseconds: Int64 = 10_000

    func isDue(at now: Moment) -> Bool {
        switch self {
        case .instant(let instant): instant <= now.instant
        case .calendar(let time): time <= now.wallTime
        }
    }

    /// How long to wait for it, in milliseconds: 0 when it is due.
    func milliseconds(from now: Moment) -> Int64 {
        switch self {
        // Rounded up, or whoever waits would come a moment too early, again and again.
        case .instant(let instant): Int64(clamping: (instant.nanoseconds(since: now.instant) + 999_999) / 1_000_000)
        case .calendar(let time): min(max(0, time.milliseconds(since: now.wallTime)), Self.calendarMilliseconds)
        }
    }
}
