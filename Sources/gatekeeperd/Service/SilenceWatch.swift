internal import Gatekeeper

/// Says once when a source stays away for longer than it is its habit, and who knocks meanwhile; and when it is back. Admits nobody.
///
/// What it knows of each source's rhythm is in memory, made of what the ledger has, and taken up again after a restart.
final class SilenceWatch {
    private let plane: any DataPlane
    /// Nil without a state folder: nothing is known of the days before this process, nor of who knocks.
    private let ledger: ServiceLedger?
    private let names: ReverseNames
    private var rhythms = Rhythms()
    /// The entries of the configuration, by the name of their source.
    private var listed: [String: [Settings.AllowEntry]] = [:]
    /// A lockdown keeps sources out: nobody's silence is judged meanwhile, nor do its hours count.
    var isSuspended = false
    private var dropsStrangers = false
    private var told: [String: ToldSilence] = [:]
    /// Those that last.
    private(set) var silences: [Silence] = []
    private var clock: Moment?
    private var refreshAt: Instant?

    /// A calendar that is ahead by so much is believed after a day.
    private static let leapMilliseconds: Int64 = 7 * 86_400_000
    private static let doubtNanoseconds: UInt64 = 86_400_000_000_000
    private static let refreshMilliseconds = 300_000
    /// Looks into the record of denials at one time.
    private static let looksMax = 20

    /// - Parameter settings: with what was accepted of lists.
    init(_ settings: Settings, ledger: ServiceLedger?, on plane: any DataPlane, names: ReverseNames = ReverseNames(), at now: WallTime) {
        self.plane = plane
        self.ledger = ledger
        self.names = names
        dropsStrangers = settings.onDeny == .drop
        take(settings.allow)
        restore(at: now)
        for silence in ledger?.silences(since: now) ?? [] where silence.backAt == nil && listed[silence.label] != nil {
            told[silence.label] = silence
        }
        refresh()
    }

    /// Other settings are in force, with what was accepted of lists.
    func follow(_ settings: Settings, at now: WallTime) {
        dropsStrangers = settings.onDeny == .drop
        follow(settings.allow, at: now)
    }

    /// Another list is in force.
    func follow(_ allow: [Settings.AllowEntry], at now: WallTime) {
        take(allow)
        for label in told.keys where listed[label] == nil { end(label, at: now) }
        refresh()
    }

    private func take(_ allow: [Settings.AllowEntry]) {
        listed = Dictionary(grouping: allow.filter { $0.origin != "grant" }) { $0.label ?? "\($0.prefix)" }
        rhythms.keep { listed[$0] != nil }
    }

    /// From what the ledger has of the hours up to now.
    private func restore(at now: WallTime) {
        guard let ledger else { return }
        let hour = now.hour
        rhythms = Rhythms()
        for (past, door, sources) in ledger.trafficHours(since: hour - Rhythm.hoursKept) where past <= hour {
            rhythms.restore(
                past, runMilliseconds: door.milliseconds, strangers: door.strangers,
                requests: sources.filter { listed[$0.key] != nil }.mapValues(\.requests))
        }
        rhythms.follow(hour)
    }

    // MARK: What is heard

    /// What came since the last time.
    func take(_ requests: [String: UInt64], strangers: Bool, milliseconds: Int64, at now: Moment) {
        names.turn()
        guard isPlausible(now) else { return }
        let hour = now.wallTime.hour
        // A calendar that was ahead and is right again has closed hours that weren't there.
        if ledger != nil, let known = rhythms.hour, hour < known - 2 { restore(at: now.wallTime) }
        let isOver = rhythms.follow(hour)
        rhythms.run(milliseconds: isSuspended ? 0 : milliseconds)
        if strangers { rhythms.hearStrangers() }
        for (label, count) in requests where count > 0 && listed[label] != nil {
            rhythms.count(count, of: label)
            if told[label] != nil { comeBack(label, at: now.wallTime) }
        }
        if isOver, !isSuspended { judge(at: now.wallTime) }
        guard !told.isEmpty, isOver || refreshAt.map({ $0 <= now.instant }) ?? true else { return }
        refreshAt = now.instant.advanced(byMilliseconds: Self.refreshMilliseconds)
        refresh()
    }

    private func isPlausible(_ now: Moment) -> Bool {
        if let known = clock {
            let passed = now.instant.nanoseconds(since: known.instant)
            let ahead = now.wallTime.milliseconds(since: known.wallTime) &- Int64(clamping: passed / 1_000_000)
            if ahead > Self.leapMilliseconds, passed < Self.doubtNanoseconds { return false }
        }
        clock = now
        return true
    }

    // MARK: Judging

    private func judge(at now: WallTime) {
        var looks = Looks(ledger)
        for (label, rhythm) in rhythms.sources where told[label] == nil && listed[label] != nil {
            let judgement = rhythm.judgement
            guard judgement != .usual, let silence = describe(label, rhythm, &looks) else { continue }
            guard judgement == .silent || silence.candidates.contains(where: \.isStriking) else { continue }
            say(silence, at: now)
        }
    }

    private func say(_ silence: Silence, at now: WallTime) {
        let record = ToldSilence(label: silence.label, since: silence.since, saidAt: now, usual: silence.usual)
        told[silence.label] = record
        silences.append(silence)
        ledger?.record(record)
        plane.event(
            "source_silent",
            [
                JournalField("label", silence.label), JournalField("since", silence.since.text), JournalField("usual", silence.usual),
                JournalField("candidates", silence.candidatesText),
            ])
    }

    private func comeBack(_ label: String, at now: WallTime) {
        guard let silence = told[label] else { return }
        end(label, at: now)
        plane.event("source_back", [JournalField("label", label), JournalField("since", silence.since.text)])
    }

    private func end(_ label: String, at now: WallTime) {
        guard var silence = told.removeValue(forKey: label) else { return }
        silences.removeAll { $0.label == label }
        silence.backAt = now
        ledger?.record(silence)
    }

    /// Looks again at who knocks.
    private func refresh() {
        names.forget()
        var looks = Looks(ledger)
        silences = told.values.sorted { ($0.since, $0.label) < ($1.since, $1.label) }.map { told in
            var silence =
                rhythms.sources[told.label].flatMap { describe(told.label, $0, &looks) }
                ?? Silence(label: told.label, since: told.since, usual: told.usual)
            // As it was said.
            (silence.since, silence.usual) = (told.since, told.usual)
            return silence
        }
    }

    // MARK: Who knocks

    /// What the record of denials has since some hour, read once for all silences that began in it.
    private struct Looks {
        private let ledger: ServiceLedger?
        private var known: [Int64: (knocks: [Knocks], drops: Bool)] = [:]

        init(_ ledger: ServiceLedger?) {
            self.ledger = ledger
        }

        mutating func look(since hour: Int64) -> (knocks: [Knocks], drops: Bool)? {
            if let found = known[hour] { return found }
            guard let ledger, known.count < SilenceWatch.looksMax, let knocks = ledger.knocks(since: hour) else { return nil }
            known[hour] = (knocks, ledger.hasDropped(since: hour))
            return known[hour]
        }
    }

    private func describe(_ label: String, _ rhythm: Rhythm, _ looks: inout Looks) -> Silence? {
        guard let since = rhythm.absentSince, let hour = rhythms.hour, let entries = listed[label] else { return nil }
        var silence = Silence(
            label: label, since: WallTime(hour: since), usual: rhythm.usual, page: Self.page(of: entries))
        let own = entries.map(\.prefix)
        // Who knocked within the hour in which it came last may have begun with its end.
        if let look = looks.look(since: since) {
            // Somebody who is on the list by now is no stranger.
            let knocks = look.knocks.filter { plane.label(of: $0.address) == nil }
            silence.candidates = CandidateRanking.rank(knocks, own: own, rhythm: rhythm, since: since, now: hour).map { candidate in
                var candidate = candidate
                candidate.name = names.name(of: candidate.address)
                return candidate
            }
            if look.drops { silence.obstacle = "the shield was up meanwhile, and the kernel names nobody whose packets it drops" }
        }
        if ledger == nil { silence.obstacle = "who knocks is kept in the state folder, and this service has none" }
        if dropsStrangers {
            silence.obstacle = "on_deny is drop, so the kernel turns strangers away and names none; with reset they would be listed"
        }
        return silence
    }

    private static func page(of entries: [Settings.AllowEntry]) -> String? {
        VendorPreset.all.first { preset in
            entries.contains { $0.origin?.hasSuffix("(preset \(preset.name))") ?? false || $0.label == preset.title }
        }?.source
    }
}
