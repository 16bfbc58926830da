internal import Gatekeeper

/// Writes down when each entry of the allow-list came onto it, and was last seen.
final class SourceRecorder: TimedPart {
    private(set) var history: SourceHistory
    private let plane: any DataPlane
    /// Nil without a state folder.
    private let ledger: ServiceLedger?
    private var recordAt: Instant

    /// What a crash may lose.
    private static let intervalMilliseconds = 60_000

    /// - Parameter allow: the list in force.
    init(_ allow: [Settings.AllowEntry], ledger: ServiceLedger?, on plane: any DataPlane, at now: Moment) {
        self.plane = plane
        self.ledger = ledger
        history = ledger?.sourceHistory() ?? SourceHistory()
        recordAt = now.instant.advanced(byMilliseconds: Self.intervalMilliseconds)
        history.follow(allow, at: now.wallTime)
    }

    func follow(_ allow: [Settings.AllowEntry], at now: WallTime) { history.follow(allow, at: now) }

    var next: DueTime? { .instant(recordAt) }

    func pass(at now: Moment) {
        guard recordAt <= now.instant else { return }
        recordAt = now.instant.advanced(byMilliseconds: Self.intervalMilliseconds)
        record()
    }

    /// What the disk refuses is tried again the next time.
    func record() {
        history.note(plane.lastSeen())
        guard let ledger, ledger.record(history) else { return }
        history.isChanged = false
    }
}
