internal import Gatekeeper

/// Writes down who was denied: soon after the first, and then at most once in a while, so that a flood costs the disk one transaction.
final class DenialRecorder: TimedPart {
    private let plane: any DataPlane
    /// Nil without a state folder.
    private let ledger: ServiceLedger?
    private let problems: ProblemBook
    private let clock: ControlClock
    private var recent = RecentDenials()
    /// Nil while nobody is known to wait for it.
    private var recordAt: Instant?
    private var recordedAt: Instant?

    /// How many came whom the list doesn't have, as far as that was taken.
    private(set) var strangerCount: UInt64 = 0

    /// Connections of which the log's thread has told, whether they are written down or not.
    private var toldCount: UInt64 = 0
    /// Of these, those that come once more.
    private var againCount: UInt64 = 0
    /// A worker that is stuck would keep us as long.
    private static let patienceMilliseconds = 1_000

    /// What a process that is killed takes with it.
    private static let intervalMilliseconds = 1_000
    /// Of the control thread's time, the part that a flood may cost: one in so many.
    private static let intervalMillisecondsMax = 10_000
    private static let costFactor = 20
    private var pauseMilliseconds = DenialRecorder.intervalMilliseconds

    init(ledger: ServiceLedger?, on plane: any DataPlane, problems: ProblemBook, clock: ControlClock = .system) {
        self.plane = plane
        self.ledger = ledger
        self.problems = problems
        self.clock = clock
    }

    /// Readable when somebody was denied; nil once that is known.
    var descriptor: Int32? { recordAt == nil ? plane.denialDescriptor : nil }

    /// Some wait to be written down.
    func ring(at now: Moment) {
        recordAt = max(now.instant, recordedAt?.advanced(byMilliseconds: pauseMilliseconds) ?? now.instant)
    }

    var next: DueTime? { recordAt.map { .instant($0) } }

    func pass(at now: Moment) {
        guard let due = recordAt, due <= now.instant else { return }
        let start = clock.now().instant
        record(at: now.wallTime)
        let cost = Int(clamping: clock.now().instant.nanoseconds(since: start) / 1_000_000)
        pauseMilliseconds = max(Self.intervalMilliseconds, min(cost * Self.costFactor, Self.intervalMillisecondsMax))
        (recordAt, recordedAt) = (nil, now.instant)
    }

    /// Writes down who was denied since the last time; what the disk refuses is tried again with what comes next.
    ///
    /// - Parameter isLast: there is no next time and no log any more.
    func record(at now: WallTime, isLast: Bool = false) {
        let taken = plane.takeDenials()
        problems.limited.count(taken, at: now, name: plane.label)
        recent.count(taken, at: now)
        for denial in taken where [.notListed, .expired, .dropped].contains(denial.reason) { strangerCount &+= denial.count }
        let connections: UInt64 = taken.reduce(0) { $1.reason == .dropped ? $0 : $0 &+ $1.count }
        toldCount &+= connections &- againCount
        againCount = 0
        guard let ledger, ledger.keepsDenials, case .failed(let error, let isNews) = ledger.record(taken, at: now) else { return }
        let count = taken.reduce(0) { $0 &+ $1.count }
        if isLast {
            let denials = "\(Quantity.counted(count, "denial")) \(count == 1 ? "is" : "are")"
            return Console.complain("\(denials) in the log, but not in the ledger: \(error)")
        }
        againCount = connections
        plane.putBackDenials(taken)
        problems.limited.passOver(taken)
        recent.passOver(taken)
        if isNews {
            plane.event("ledger_failed", [JournalField("error", ConcealedValues.hide(in: "\(error)")), JournalField("denials", count)])
        }
    }

    // MARK: What is asked for

    /// The newest rows of the ledger that a page looks at: a flood leaves a hundred thousand a day, and everybody waits for the control thread.
    private static let pageRowsMax = 5_000
    private static let pageSourcesMax = 20

    /// Up to now.
    ///
    /// - Parameter silences: with their candidates, who are marked.
    func report(_ query: DenialQuery, silences: [Silence] = [], at now: WallTime) throws(ControlFailure) -> DenialReport {
        guard let ledger else {
            throw ControlFailure(
                .unavailable, "denials are kept in the state folder, and this service has none (state: in the configuration)")
        }
        record(at: now)
        var report = try ledger.report(query, silences: silences, listing: listing(at: now), at: now)
        if let untold = untold() { report.warning = [report.warning, untold.text].compactMap(\.self).joined(separator: "; ") }
        return report
    }

    /// Connections that were turned away and that nobody is told of yet, because nobody reads the log; nil in good times.
    struct Untold: Equatable {
        var count: UInt64
        var since: WallTime
        var reason: String

        /// Of more than one connection mostly.
        var text: String {
            "\(Quantity.counted(count, "connection")) turned away since \(since.text) \(count == 1 ? "isn't" : "aren't") counted yet: \(reason)"
        }
    }

    /// As far as `record` has taken what there is to take.
    func untold() -> Untold? {
        guard let trouble = plane.logTrouble, trouble.isStalled, plane.isResponsive(within: Self.patienceMilliseconds),
            let verdicts = plane.verdicts()
        else { return nil }
        let denied = MinuteCounts.Totals(verdicts).denied
        guard denied > toldCount else { return nil }
        return Untold(count: denied - toldCount, since: WallTime(milliseconds: trouble.sinceMilliseconds), reason: trouble.reason)
    }

    /// Who was turned away within the last minutes, the latest first; what was counted since `record` isn't in it.
    func knocking(at now: WallTime) -> [RecentDenials.Source] { recent.sources(at: now, name: plane.label) }

    /// Those of the last day, as far as that is quickly told; nil without a ledger.
    func recent(at now: WallTime) -> DenialReport? {
        // No older than the counts beside it. A page is made once a second at most, however many read it.
        record(at: now)
        return ledger?.recentDenials(listing: listing(at: now), at: now, top: Self.pageSourcesMax, rowsMax: Self.pageRowsMax)
    }

    private func listing(at now: WallTime) -> DenialReport.Listing {
        { [plane] in plane.allowEntry(for: $0, nowUnixSeconds: now.milliseconds / 1000) }
    }
}
