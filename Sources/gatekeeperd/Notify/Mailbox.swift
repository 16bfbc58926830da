internal import Gatekeeper

/// What one notifier has been told, and what it is yet to be told: the difference between the problems that it knows of and those that there are.
///
/// ```
///   problems change ─▶ due ─▶ sending ──taken──▶ told
///                       ▲        └──failed──▶ waits 5 s, 10 s, … 10 min ─▶ due;  after an hour given up: told
///                       └── not more than 20 an hour: later, and then all at once
/// ```
///
/// A difference and no queue: however long it can't be reached, what waits is bounded, and what it is told then is true.
struct Mailbox {
    let notifier: Notifier
    private(set) var trouble: NotifierState.Trouble?
    private(set) var test: NotifierState.Test?
    private(set) var told: [Problem]
    /// Nil until they have been judged for the first time.
    private var current: [Problem]?
    /// Told by a former process, and until when they are taken to be there: it takes a while to learn what is wrong.
    private var restored: (problems: [Problem], until: Instant?)
    private var brief: [Problem] = []
    /// The day's, while it hasn't been told; a later one takes its place.
    private var digest: Notice.Digest?
    private var sending: Notice?
    /// Which delivery is under way, so that no other's outcome is taken for its own.
    var delivery: Int?
    private var attempts = 0
    /// Of the notice that is due.
    private var failingSince: Instant?
    private var dueAt = Instant(nanoseconds: 0)
    /// When the last ones were taken.
    private var taken: [Instant] = []

    static let hourlyMax = 20
    private static let briefMax = 20
    private static let hourMilliseconds = 3_600_000
    private static let firstRetryMilliseconds = 5_000
    private static let lastRetryMilliseconds = 600_000

    private static let settlingMilliseconds = 60_000

    /// - Parameter told: by a former process.
    init(_ notifier: Notifier, told: [Problem] = []) {
        self.notifier = notifier
        self.told = told
        restored = (told, nil)
    }

    var state: NotifierState { NotifierState(name: notifier.name, trouble: trouble, test: test) }

    // MARK: What there is to tell

    /// These are the problems now. That it can't be reached itself is none of its own.
    mutating func follow(_ problems: [Problem], at now: Instant) {
        if restored.until == nil { restored.until = now.advanced(byMilliseconds: Self.settlingMilliseconds) }
        let next = problems.filter { !($0.kind == .noticeUndelivered && $0.subject == notifier.name) }
        for gone in current ?? [] where !next.contains(where: gone.isSame) && !knows(gone) {
            brief.append(gone)
            if brief.count > Self.briefMax { brief.removeFirst() }
        }
        // Those that are seen end like any other.
        restored.problems.removeAll { problem in next.contains(where: problem.isSame) }
        current = next
    }

    private func knows(_ problem: Problem) -> Bool {
        told.contains(where: problem.isSame) || sending?.begun.contains(where: problem.isSame) ?? false
    }

    mutating func beginTest(at now: Instant) {
        guard test != .underWay else { return }
        test = .underWay
        dueAt = now
    }

    mutating func bring(_ digest: Notice.Digest) { self.digest = digest }

    /// Without those that may yet show themselves.
    private func notice(settled: Bool) -> Notice {
        if test == .underWay { return Notice(isTest: true) }
        guard let current else { return Notice() }
        let notice = Notice(
            begun: current.filter { problem in !told.contains(where: problem.isSame) },
            over: told.filter { problem in
                !current.contains(where: problem.isSame) && (settled || !restored.problems.contains(where: problem.isSame))
            }, brief: brief)
        // What is wrong is told first.
        return notice.isEmpty ? Notice(digest: digest) : notice
    }

    // MARK: Telling it

    /// When `take` has something; nil while there is nothing to tell, or the other side is at it.
    var next: Instant? {
        guard sending == nil else { return nil }
        let notice = notice(settled: false)
        guard notice.isEmpty else { return notice.isTest ? dueAt : max(dueAt, freeAt) }
        guard let until = restored.until, !self.notice(settled: true).isEmpty else { return nil }
        return max(dueAt, freeAt, until)
    }

    /// When there is room for another within the hour.
    private var freeAt: Instant {
        guard taken.count >= Self.hourlyMax else { return Instant(nanoseconds: 0) }
        return taken[taken.count - Self.hourlyMax].advanced(byMilliseconds: Self.hourMilliseconds)
    }

    /// What is to be sent now; `finish` says what came of it.
    mutating func take(at now: Instant) -> Notice? {
        guard let next, next <= now else { return nil }
        var notice = notice(settled: restored.until.map { $0 <= now } ?? false)
        notice.isSummary = !notice.isTest && taken.count >= Self.hourlyMax && brief.count + notice.begun.count + notice.over.count > 1
        sending = notice
        return notice
    }

    /// Where a notice is lost.
    enum Outcome: Equatable {
        case done
        /// Tried for an hour, and given up.
        case lost(Notice)
    }

    /// - Parameter failure: why it wasn't taken; nil when it was.
    mutating func finish(_ failure: String?, at now: Moment) -> Outcome {
        guard let notice = sending else { return .done }
        sending = nil
        if notice.isTest { test = failure.map { .failed($0) } ?? .delivered }
        guard let failure else {
            trouble = nil
            attempts = 0
            failingSince = nil
            dueAt = now.instant
            if !notice.isTest { note(notice, at: now.instant) }
            return .done
        }
        trouble = NotifierState.Trouble(since: trouble?.since ?? now.wallTime, reason: failure)
        if notice.isTest { return .done }
        let since = failingSince ?? now.instant
        failingSince = since
        attempts += 1
        dueAt = now.instant.advanced(byMilliseconds: retryMilliseconds)
        guard now.instant.nanoseconds(since: since) / 1_000_000 >= UInt64(Self.hourMilliseconds) else { return .done }
        failingSince = nil
        attempts = 0
        forget(notice)
        return .lost(notice)
    }

    private var retryMilliseconds: Int {
        min(Self.firstRetryMilliseconds << min(attempts - 1, 10), Self.lastRetryMilliseconds)
    }

    private mutating func note(_ notice: Notice, at now: Instant) {
        taken.append(now)
        if taken.count > Self.hourlyMax { taken.removeFirst() }
        forget(notice)
    }

    /// It is told, or never will be.
    private mutating func forget(_ notice: Notice) {
        told.removeAll { problem in notice.over.contains(where: problem.isSame) }
        told += notice.begun
        brief.removeAll { problem in notice.brief.contains(problem) }
        if digest == notice.digest { digest = nil }
    }
}
