internal import Gatekeeper
internal import Glibc

/// A time zone, for telling the time of day that the clocks around the machine show.
struct LocalZone: Sendable {
    /// At a moment: how far local time is ahead of UTC, in seconds, and what the zone is called then (`CEST`).
    let offset: @Sendable (WallTime) -> (seconds: Int64, name: String)

    /// This machine's, as it is set when it is asked.
    static let system = LocalZone { time in
        var seconds = time_t(time.milliseconds / 1000)
        var calendar = unsafe tm()
        tzset()
        // SAFETY: reads the one and writes the other, both local.
        guard unsafe localtime_r(&seconds, &calendar) != nil else { return (0, "UTC") }
        // SAFETY: the name stays until the zone is read anew, which this thread alone does, and is copied at once.
        let name = unsafe calendar.tm_zone.map { unsafe String(cString: $0) } ?? ""
        return unsafe (Int64(calendar.tm_gmtoff), name)
    }

    static let utc = LocalZone { _ in (0, "UTC") }

    /// `09:00 CET`, with the day where it isn't the one of `now`; nil where clocks show UTC.
    func text(_ time: WallTime, now: WallTime) -> String? {
        let (seconds, name) = offset(time)
        if seconds == 0 { return nil }
        let local = time.advanced(byMilliseconds: seconds * 1000).text
        let today = now.advanced(byMilliseconds: offset(now).seconds * 1000).text.prefix(10)
        let day = local.prefix(10) == today ? "" : "\(local.prefix(10)) "
        // `2026-03-01T12:00:00Z`
        return "\(day)\(local.dropFirst(11).prefix(5)) \(name)"
    }

    /// UTC to the second, and local time beside it where that is another.
    func bothTexts(_ time: WallTime, now: WallTime) -> String {
        time.text + (text(time, now: now).map { " (\($0))" } ?? "")
    }
}

extension TimeOfDay {
    /// The next moment after `now` at which clocks of this zone show it.
    func next(after now: WallTime, in zone: LocalZone) -> WallTime { next(after: now) { zone.offset($0).seconds * 1000 } }
}
