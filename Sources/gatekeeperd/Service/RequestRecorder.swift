internal import Gatekeeper

/// Writes down which requests each label makes, while `learn` is on.
final class RequestRecorder: TimedPart {
    private let plane: any DataPlane
    /// Nil without a state folder.
    private let ledger: ServiceLedger?
    private var isLearning = false
    private var recordAt: Instant?
    /// Requests of which it isn't settled what they are called by, as the last look had it.
    private var waiting: UInt64 = 0
    private var lost: UInt64 = 0

    /// What a crash may lose of requests that have been recognised.
    private static let intervalMilliseconds = 60_000

    init(_ settings: Settings, ledger: ServiceLedger?, on plane: any DataPlane, at now: Moment) {
        self.plane = plane
        self.ledger = ledger
        follow(settings, at: now)
    }

    func follow(_ settings: Settings, at now: Moment) {
        guard settings.log.learns != isLearning else { return }
        isLearning = settings.log.learns
        recordAt = isLearning ? now.instant.advanced(byMilliseconds: Self.intervalMilliseconds) : nil
        if isLearning { plane.knowLearned(ledger?.knownRequests() ?? []) }
    }

    var next: DueTime? { recordAt.map { .instant($0) } }

    func pass(at now: Moment) {
        guard let due = recordAt, due <= now.instant else { return }
        recordAt = now.instant.advanced(byMilliseconds: Self.intervalMilliseconds)
        record(at: now.wallTime)
    }

    /// Writes down what was learned since the last time; what the disk refuses is tried again the next time.
    ///
    /// - Parameter isLast: there is no next time.
    func record(at now: WallTime, isLast: Bool = false) {
        guard isLearning, let ledger else { return }
        let take = plane.takeLearned(isLast: isLast)
        waiting = take.waiting
        guard !take.isEmpty else { return }
        guard let unkept = ledger.record(take, at: now) else { return plane.putBackLearned(take) }
        let news = unkept &+ take.lost
        lost &+= news
        guard news > 0 else { return }
        plane.event("learn_lost", [JournalField("requests", news)])
    }

    /// Up to now.
    func report(_ query: LearnedQuery, labels: [String], at now: WallTime) throws(ControlFailure) -> LearnedReport {
        guard let ledger else {
            throw ControlFailure(
                .unavailable, "requests are learned in the state folder, and this service has none (state: in the configuration)")
        }
        record(at: now)
        var report = try ledger.report(query, at: now)
        report.waiting = Int64(clamping: waiting)
        report.lost = Int64(clamping: lost)
        report.labels = labels
        return report
    }
}
