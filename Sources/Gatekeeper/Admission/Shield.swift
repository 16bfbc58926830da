/// When the kernel is to turn strangers away before they cost us anything, and when no longer.
///
/// ```
///            more than `above` denials within its period
///   down ────────────────────────────────────────────────▶ up
///     ▲                                                     │
///     └──── `for` without half as many ─────────────────────┘
/// ```
///
/// Down, it is asked when the next denial would be one too many (`alarm`), so that watching costs nothing; up, denials aren't seen, and it is
/// asked every so often what the kernel has dropped. That half as much keeps it up makes that it doesn't flap. A period begins with an alarm or
/// with the one before, so a single burst of up to twice the number may pass for none.
struct Shield: Equatable, Sendable {
    /// What happened since the start: connections that were denied, packets that were dropped.
    struct Counts: Equatable, Sendable {
        var denied: UInt64
        var dropped: UInt64
    }

    enum Change: Equatable, Sendable {
        /// Denials per second, as they came.
        case raise(perSecond: UInt64)
        /// Packets dropped while it was up.
        case lower(dropped: UInt64)
    }

    private enum State: Equatable, Sendable {
        case down(since: Instant, Counts)
        case up(from: Counts, quietSince: Instant, lookedAt: Instant, Counts)
    }

    let settings: Settings.Shield
    private var state: State

    init(_ settings: Settings.Shield, at now: Instant, _ counts: Counts) {
        self.settings = settings
        state = .down(since: now, counts)
    }

    var isUp: Bool {
        if case .up = state { true } else { false }
    }

    /// Down: at how many denials to turn it.
    var alarm: UInt64? {
        guard case .down(_, let counts) = state else { return nil }
        return counts.denied + UInt64(settings.above.count) + 1
    }

    /// Up: when to turn it.
    var deadline: Instant? {
        guard case .up(_, _, let lookedAt, _) = state else { return nil }
        return lookedAt.advanced(byMilliseconds: min(1_000, max(100, settings.forMilliseconds / 4)))
    }

    /// What to do, with what has happened by `now`. The answer holds: it is up or down from here on.
    mutating func turn(at now: Instant, _ counts: Counts) -> Change? {
        switch state {
        case .down(let since, let before):
            let denied = counts.denied - before.denied
            guard denied > settings.above.count else { return nil }
            let nanoseconds = max(1, now.nanoseconds(since: since))
            guard isFlood(denied, nanoseconds, times: 1) else {
                state = .down(since: now, counts)
                return nil
            }
            state = .up(from: counts, quietSince: now, lookedAt: now, counts)
            return .raise(perSecond: UInt64(clamping: UInt128(denied) * 1_000_000_000 / UInt128(nanoseconds)))
        case .up(let start, var quietSince, let lookedAt, let before):
            // Of a shorter while two packets would make a flood.
            if let deadline, now < deadline { return nil }
            let count = counts.denied - before.denied + counts.dropped - before.dropped
            if isFlood(count, max(1, now.nanoseconds(since: lookedAt)), times: 2) { quietSince = now }
            guard now >= quietSince.advanced(byMilliseconds: settings.forMilliseconds) else {
                state = .up(from: start, quietSince: quietSince, lookedAt: now, counts)
                return nil
            }
            let dropped = dropped(counts)
            state = .down(since: now, counts)
            return .lower(dropped: dropped)
        }
    }

    /// Packets dropped since it was raised.
    func dropped(_ counts: Counts) -> UInt64 {
        guard case .up(let start, _, _, _) = state else { return 0 }
        return counts.dropped - start.dropped
    }

    /// Whether `times` as many in that time would be above the rate.
    private func isFlood(_ count: UInt64, _ nanoseconds: UInt64, times: UInt64) -> Bool {
        let period = UInt64(settings.above.perMilliseconds) * 1_000_000
        return UInt128(count) * UInt128(times) * UInt128(period) > UInt128(settings.above.count) * UInt128(nanoseconds)
    }
}
