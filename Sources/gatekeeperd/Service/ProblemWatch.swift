internal import Gatekeeper

/// Judges from time to time what needs an admin's attention, and at once when something was tried and failed, or succeeds at last.
final class ProblemWatch: TimedPart {
    private let configuration: ConfigurationInForce
    private let parts: ServiceParts
    private var judgeAt: Instant
    private var failuresJudged = ServiceFailures()

    /// How soon what nobody tells of is noticed: a ticket system that is down, a log that can't be written.
    private static let intervalMilliseconds = 2_000

    init(of configuration: ConfigurationInForce, parts: ServiceParts, at now: Moment) {
        self.configuration = configuration
        self.parts = parts
        judgeAt = now.instant
    }

    private var book: ProblemBook { parts.problems }

    var next: DueTime? { .instant(judgeAt) }

    func pass(at now: Moment) {
        guard judgeAt <= now.instant || book.failures != failuresJudged else { return }
        judge(at: now)
        failuresJudged = book.failures
        judgeAt = now.instant.advanced(byMilliseconds: Self.intervalMilliseconds)
    }

    /// Judges anew what is wrong, and tells the log of what began and of what is over.
    func judge(at now: Moment) {
        book.followClock(now.wallTime, now.instant)
        book.limited.forget(at: now.wallTime)
        let change = book.follow(circumstances(at: now.wallTime))
        for problem in change.over { parts.plane.event("problem_over", Self.fields(of: problem)) }
        for problem in change.begun { parts.plane.event("problem", Self.fields(of: problem)) }
        parts.notifiers.tell(book.problems, at: now)
    }

    private func circumstances(at now: WallTime) -> Circumstances {
        let plane = parts.plane
        var circumstances = Circumstances(at: now)
        circumstances.configurationFile = configuration.source.file
        circumstances.failures = book.failures
        circumstances.warnings = configuration.current.configuration.warnings
        circumstances.allowListIsEmpty = parts.grants.isEmpty(at: now)
        circumstances.shieldDoubt = configuration.shieldDoubt
        circumstances.absentAddresses = plane.absentListeners.lazy.filter { !$0.isFree }.map(\.address)
        if let page = parts.statusPage.address, !page.isHere { circumstances.absentStatusAddress = page }
        circumstances.loadedAt = configuration.loadedAt
        circumstances.certificates = parts.certificates.certificates
        circumstances.authorities = parts.certificates.authorities
        circumstances.absentFiles = book.absentFiles.files(at: now)
        circumstances.upstreams = plane.upstreams
        circumstances.answers = plane.answerRuns
        circumstances.limited = book.limited.current
        circumstances.log = plane.logTrouble
        circumstances.ledger = parts.ledger?.troubles ?? []
        circumstances.clockJump = book.clockJump
        circumstances.notifiers = parts.notifiers.states
        circumstances.lists = parts.lists.reports
        circumstances.listTrouble = parts.lists.trouble
        circumstances.lockdown = parts.lockdown.current
        circumstances.lockdownLeftover = parts.lockdown.leftover
        circumstances.windows = parts.challenges.windows
        circumstances.orders = parts.orders.report(at: now)
        circumstances.silences = parts.silences.silences
        return circumstances
    }

    private static func fields(of problem: Problem) -> [JournalField] {
        [
            JournalField("kind", problem.kind.rawValue), JournalField("text", problem.text), JournalField("cure", problem.cure),
            JournalField("since", problem.since.text),
        ]
    }
}
