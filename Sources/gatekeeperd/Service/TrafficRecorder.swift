internal import Gatekeeper

/// Writes down, by the hour, what came of each source and of all; every second while something comes, so that a process that is killed takes no
/// more than its last second with it.
///
/// ```
///   workers ─ counts since the start ─▶ difference since the last look ─▶ the ledger's hour
///                                                                     ├─▶ SilenceWatch
///                                                                     └─▶ HistoryRecorder
/// ```
///
/// Counts that a source that left the list had since the last look are in the sum alone.
final class TrafficRecorder: TimedPart {
    private let plane: any DataPlane
    /// Nil without a state folder.
    private let ledger: ServiceLedger?
    private let silences: SilenceWatch
    private let denials: DenialRecorder
    private let history: HistoryRecorder
    private let began: Instant
    /// This process's row among the ledger's runs.
    let run: Int64?
    /// When that process took over from another, which may still finish what it has; nil for one that began by itself.
    private let tookOverAt: WallTime?
    private var lookAt: Instant
    private var lookedAt: Instant
    private var recordedAt: Instant
    private var prunedIn: Int64?
    /// What was counted up to the last look.
    private var seen: [String: TrafficHour] = [:]
    private var seenDoor = DoorHour()
    private var strangersSeen: UInt64 = 0
    /// Since when it isn't told who was turned away, as the ledger has it.
    private var untoldSince: WallTime?
    /// What the disk hasn't got yet.
    private var waiting = ServiceLedger.TrafficSince()

    private static let intervalMilliseconds = 1_000
    /// Where nothing is written down, and for what says only that the door runs.
    private static let slowMilliseconds = 60_000
    /// A worker that is stuck would keep us as long.
    private static let patienceMilliseconds = 1_000
    /// A calendar that was wrong at boot is right by then.
    private static let pruneMilliseconds = 3_600_000
    /// What a disk that refuses everything may cost in memory.
    private static let waitingHoursMax = 48

    init(
        on plane: any DataPlane, ledger: ServiceLedger?, denials: DenialRecorder, silences: SilenceWatch, history: HistoryRecorder,
        isSuccessor: Bool = false, at now: Moment
    ) {
        tookOverAt = isSuccessor ? now.wallTime : nil
        self.plane = plane
        self.ledger = ledger
        self.denials = denials
        self.history = history
        self.silences = silences
        (began, lookedAt, recordedAt) = (now.instant, now.instant, now.instant)
        run = ledger?.beginRun(at: now.wallTime)
        lookAt = now.instant.advanced(byMilliseconds: ledger == nil ? Self.slowMilliseconds : Self.intervalMilliseconds)
    }

    /// It runs beside this one, or did a moment ago, and has said nothing of its end yet.
    func isPredecessor(_ run: ServiceRun) -> Bool {
        tookOverAt.map { $0.milliseconds(since: run.seen) < 2 * Int64(Self.slowMilliseconds) } ?? false
    }

    var next: DueTime? { .instant(lookAt) }

    func pass(at now: Moment) {
        guard lookAt <= now.instant else { return }
        look(at: now)
    }

    /// Takes in what has come, and writes it down.
    ///
    /// - Parameter isLast: the process ends.
    func look(at now: Moment, isLast: Bool = false) {
        lookAt = now.instant.advanced(byMilliseconds: ledger == nil ? Self.slowMilliseconds : Self.intervalMilliseconds)
        let milliseconds = Int64(clamping: now.instant.nanoseconds(since: lookedAt) / 1_000_000)
        lookedAt = lookedAt.advanced(byMilliseconds: Int(clamping: milliseconds))
        let strangers = denials.strangerCount != strangersSeen
        strangersSeen = denials.strangerCount
        var door = DoorHour(milliseconds: milliseconds, strangers: strangers)
        var sources: [String: TrafficHour] = [:]
        // Workers that have ended have left their counts.
        if isLast || plane.isResponsive(within: Self.patienceMilliseconds), let counts = plane.counts() {
            sources = take(counts.answers)
            door = door + take(counts.verdicts)
            history.note(counts.verdicts, at: now.instant)
        }
        silences.take(sources.mapValues(\.requests), strangers: strangers, milliseconds: milliseconds, at: now)
        guard ledger != nil else { return }
        let hour = now.wallTime.hour
        let isNews = !door.isQuiet || !sources.isEmpty
        waiting.door[hour] = (waiting.door[hour] ?? DoorHour()) + door
        waiting.sources[hour, default: [:]].merge(sources, uniquingKeysWith: +)
        let isDue = now.instant.nanoseconds(since: recordedAt) >= UInt64(Self.slowMilliseconds) * 1_000_000
        let untold = isLast ? nil : denials.untold()?.since
        let isOtherTrouble = (untold == nil) != (untoldSince == nil)
        if isNews || isOtherTrouble || isDue || isLast { record(in: hour, untoldSince: untold, at: now, isLast: isLast) }
    }

    private func record(in hour: Int64, untoldSince untold: WallTime?, at now: Moment, isLast: Bool) {
        let mayPrune = now.instant.nanoseconds(since: began) >= UInt64(Self.pruneMilliseconds) * 1_000_000
        let prunes = mayPrune && prunedIn != hour
        recordedAt = now.instant
        guard ledger?.record(waiting, run: run, untoldSince: untold, at: now.wallTime, prunes: prunes, isLast: isLast) ?? false else {
            while waiting.door.count > Self.waitingHoursMax, let first = waiting.door.keys.min() {
                waiting.door[first] = nil
                waiting.sources[first] = nil
            }
            return
        }
        waiting = ServiceLedger.TrafficSince()
        untoldSince = untold
        if prunes { prunedIn = hour }
    }

    // MARK: Differences

    private func take(_ answers: [(name: String, tally: AnswerTally)]) -> [String: TrafficHour] {
        var more: [String: TrafficHour] = [:]
        var next: [String: TrafficHour] = [:]
        for (name, tally) in answers {
            let now = TrafficHour(succeeded: tally.succeeded, failed: tally.failed, bytesIn: tally.bytesIn, bytesOut: tally.bytesOut)
            next[name] = now
            let difference = now.since(seen[name] ?? TrafficHour())
            if !difference.isEmpty { more[name] = difference }
        }
        seen = next
        return more
    }

    private func take(_ verdicts: VerdictTally) -> DoorHour {
        let now = DoorHour(verdicts)
        defer { seenDoor = now }
        return now.since(seenDoor)
    }
}

extension TrafficHour {
    /// What has come since `earlier`; all of it where the count has begun anew.
    fileprivate func since(_ earlier: TrafficHour) -> TrafficHour {
        guard succeeded >= earlier.succeeded, failed >= earlier.failed, bytesIn >= earlier.bytesIn, bytesOut >= earlier.bytesOut else {
            return self
        }
        return TrafficHour(
            succeeded: succeeded - earlier.succeeded, failed: failed - earlier.failed, bytesIn: bytesIn - earlier.bytesIn,
            bytesOut: bytesOut - earlier.bytesOut)
    }
}

extension DoorHour {
    /// Since the start of the process.
    fileprivate init(_ verdicts: VerdictTally) {
        let totals = MinuteCounts.Totals(verdicts)
        self.init()
        requests = totals.requests
        errors = totals.errors
        refused = totals.refused
        routeRefusals = verdicts.routeRefusals
        shadowRefusals = verdicts.shadowRefused
        for outcome in [Outcome.clientGone, .clientTimeout, .aborted] {
            for statusClass in VerdictTally.statusClasses { cut &+= verdicts.exchanges(outcome, statusClass: statusClass) }
        }
        tlsFailures = verdicts.tlsFailures
        bytesIn = verdicts.bytesIn
        bytesOut = verdicts.bytesOut
    }

    fileprivate func since(_ earlier: DoorHour) -> DoorHour {
        func difference(_ count: KeyPath<DoorHour, UInt64>) -> UInt64 {
            self[keyPath: count] &- min(self[keyPath: count], earlier[keyPath: count])
        }
        return DoorHour(
            requests: difference(\.requests), errors: difference(\.errors), refused: difference(\.refused),
            routeRefusals: difference(\.routeRefusals), shadowRefusals: difference(\.shadowRefusals), cut: difference(\.cut),
            tlsFailures: difference(\.tlsFailures), bytesIn: difference(\.bytesIn), bytesOut: difference(\.bytesOut))
    }
}
