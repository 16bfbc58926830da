internal import Gatekeeper

/// Counts what happens in each minute, from what the workers have counted, and hands that on to the process that takes over.
///
/// ```
///   predecessor ─ a file in memory ─▶ successor: what it says, and what is counted here
///     begin: so far · end: all       reads it at each look, until it says that nothing more comes
/// ```
///
/// A file that is missing, torn or of another form costs the history and nothing else.
final class HistoryRecorder: TimedPart {
    private let plane: any DataPlane
    private var own = MinuteHistory()
    /// What the process before us has counted.
    private var before: MinuteHistory?
    private var inherited: MemoryFile?
    private var hearUntil: Int64
    /// What a successor reads, while one is on its way.
    private var lent: MemoryFile?
    private var totals = MinuteCounts.Totals()
    private var lookedIn: Int64
    private var lookedAt: Instant
    private var lookAt: Instant

    /// A worker that is stuck would keep us as long.
    private static let patienceMilliseconds = 5_000
    private static let minuteNanoseconds: UInt64 = 60_000_000_000
    private static let freshNanoseconds: UInt64 = 2_000_000_000
    /// A predecessor that was killed never says that it has done.
    private static let hearingMinutes: Int64 = 10

    init(on plane: any DataPlane, inherited: MemoryFile?, at now: Moment) {
        self.plane = plane
        self.inherited = inherited
        lookedIn = MinuteHistory.minute(of: now.instant)
        lookedAt = now.instant
        hearUntil = lookedIn + Self.hearingMinutes
        lookAt = Self.minuteEnd(after: now.instant)
        own.count(MinuteCounts(), from: lookedIn, to: lookedIn)
        hear(in: lookedIn)
    }

    private static func minuteEnd(after now: Instant) -> Instant {
        Instant(nanoseconds: (now.nanoseconds / minuteNanoseconds + 1) * minuteNanoseconds)
    }

    var next: DueTime? { .instant(lookAt) }

    func pass(at now: Moment) {
        guard lookAt <= now.instant else { return }
        // Workers that have just been asked by somebody else aren't asked again.
        if now.instant.nanoseconds(since: lookedAt) < Self.freshNanoseconds {
            lookAt = Self.minuteEnd(after: now.instant)
        } else {
            look(at: now.instant)
        }
    }

    private func look(at now: Instant) {
        lookAt = Self.minuteEnd(after: now)
        guard plane.isResponsive(within: Self.patienceMilliseconds), let verdicts = plane.verdicts() else { return }
        note(verdicts, at: now)
    }

    /// The workers were asked for something else as well.
    func note(_ verdicts: VerdictTally, at now: Instant) {
        let minute = MinuteHistory.minute(of: now)
        let totals = MinuteCounts.Totals(verdicts)
        own.count(totals.since(self.totals), from: lookedIn, to: minute)
        self.totals = totals
        lookedIn = max(lookedIn, minute)
        lookedAt = now
        hear(in: minute)
    }

    private func hear(in minute: Int64) {
        guard let inherited else { return }
        // One that is just being written is whole the next time.
        if let (history, isLast) = MinuteHistory.read(inherited.read(), now: minute) {
            before = history
            if isLast { self.inherited = nil }
        }
        if minute >= hearUntil { self.inherited = nil }
    }

    private var all: MinuteHistory { before.map(own.adding) ?? own }

    /// Each minute of the last 24 hours.
    func day(at now: Instant) -> [MinuteCounts?] { all.day(upTo: MinuteHistory.minute(of: now)) }

    // MARK: Handing over

    /// For a successor that is about to start: what it reads. Nil when there is no room for it.
    func lend(at now: Instant) -> MemoryFile? {
        look(at: now)
        guard let file = try? MemoryFile(byteCount: MinuteHistory.byteCount), file.write(all.bytes(isLast: false)) else { return nil }
        lent = file
        return file
    }

    /// There is no successor after all.
    func takeBack() { lent = nil }

    /// A successor serves, and the workers are about to end.
    func end(at now: Instant) {
        guard let lent else { return }
        look(at: now)
        _ = lent.write(all.bytes(isLast: true))
        self.lent = nil
    }
}
