internal import Gatekeeper

/// Makes the digest of the day at the time that `digest:` says, for the log and for whoever is told of problems. One that was due while no
/// service ran, up to a day ago, is made at the start.
final class DailyDigest: TimedPart {
    private let configuration: ConfigurationInForce
    private let parts: ServiceParts
    private let zone: LocalZone
    private var time: TimeOfDay?
    private var dueAt: WallTime?
    private static let mark = "digest"
    private static let dayMilliseconds: Int64 = 86_400_000

    init(of configuration: ConfigurationInForce, parts: ServiceParts, zone: LocalZone = .system, at now: WallTime) {
        self.configuration = configuration
        self.parts = parts
        self.zone = zone
        time = configuration.current.configuration.digestTime
        let last = parts.ledger?.mark(Self.mark)
        // A mark from the future is a calendar's that was wrong.
        if let last, last <= now {
            dueAt = time?.next(after: max(last, now.advanced(byMilliseconds: -Self.dayMilliseconds)), in: zone)
        } else {
            dueAt = time?.next(after: now, in: zone)
        }
    }

    var next: DueTime? { dueAt.map { .calendar($0) } }

    func pass(at now: Moment) {
        follow(at: now.wallTime)
        guard let due = dueAt, let time, due <= now.wallTime else { return }
        dueAt = time.next(after: now.wallTime, in: zone)
        parts.ledger?.mark(Self.mark, at: now.wallTime)
        // Without a state folder there is nothing to tell.
        guard let report = try? DigestMaker(configuration: configuration, parts: parts).report(.usual, at: now) else { return }
        parts.plane.event("digest", report.fields)
        parts.notifiers.tell(report, at: now)
    }

    /// The configuration may say another time by now, and the calendar may have been set back.
    private func follow(at now: WallTime) {
        let next = configuration.current.configuration.digestTime
        let isFar = dueAt.map { $0.milliseconds(since: now) > 2 * Self.dayMilliseconds } ?? false
        guard next != time || isFar else { return }
        time = next
        dueAt = next?.next(after: now, in: zone)
    }
}
