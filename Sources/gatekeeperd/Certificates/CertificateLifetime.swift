/// From when to when a certificate or a revocation list is good, and when its end is near.
///
/// Near is relative: three weeks before the end is late for a year's certificate, and for one of six days it is before the beginning. At 25 %
/// of the lifetime whoever renews by a timer has tried and failed; 10 % and 3 % are for those who haven't heard.
struct CertificateLifetime: Equatable, Sendable {
    var start: WallTime
    var end: WallTime

    /// Parts of a hundred that are left, and how much time that is at most.
    private static let marks: [(percent: Int64, millisecondsMax: Int64)] = [
        (25, 21 * 86_400_000), (10, 7 * 86_400_000), (3, 86_400_000),
    ]

    /// When a warning is due, the last one at the end itself.
    var warnings: [WallTime] {
        let whole = max(0, end.milliseconds(since: start))
        return Self.marks.map { end.advanced(byMilliseconds: -min(whole / 100 * $0.percent, $0.millisecondsMax)) } + [end]
    }

    func isOver(at now: WallTime) -> Bool { end <= now }

    /// A warning was due before, and the end wasn't.
    func isEnding(at now: WallTime) -> Bool { !isOver(at: now) && (warnings.first ?? end) <= now }

    /// Hardly anything is left of it. For what somebody else issues at times of his own: the next one should have come by now.
    func isInLastTenth(at now: WallTime) -> Bool {
        !isOver(at: now) && end.milliseconds(since: now) < end.milliseconds(since: start) / 10
    }

    /// When a warning is due next; nil when the last one was.
    func nextWarning(after now: WallTime) -> WallTime? { warnings.filter { $0 > now }.min() }
}
