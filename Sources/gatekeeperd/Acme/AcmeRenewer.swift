internal import Gatekeeper

/// All certificates of ours that are ordered, each at its time. Belongs to one thread, and waits for authorities; goes by the clock that it is given.
final class AcmeRenewer {
    /// What it reaches the world by.
    struct Surroundings: Sendable {
        var transport: any AcmeTransport
        var board: any ChallengeBoard
        var clock = ControlClock.system
        var random: @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
        /// False while another machine orders, or this process serves no more.
        var mayOrder: @Sendable () -> Bool = { true }
    }

    private let store: AcmeStore
    private let surroundings: Surroundings
    /// Waits so many milliseconds; false when this process ends.
    private let pause: (Int64) -> Bool
    /// Told of each change.
    private let publish: ([AcmeState]) -> Void
    private var entries: [Entry] = []
    private var dryRuns = 0

    private struct Entry {
        var settings: AcmeSettings
        var record: AcmeRecord
        var state: AcmeState
        /// What the authority calls the certificate that is there; empty for none.
        var identifier = ""
        /// By the clock that nobody sets.
        var freeAt: Instant
        var askAt: Instant
        var isAsked = false
        /// The order was begun by a process before this one, whose end may be why it fails.
        var isTakenUp: Bool
    }

    private static let askMilliseconds = 6 * 3_600_000
    private static let askMillisecondsRange: ClosedRange<Int64> = 60_000...86_400_000
    private static let toleranceMilliseconds: Int64 = 3_600_000
    private static let restMilliseconds: Int64 = 60_000

    init(
        _ store: AcmeStore, _ surroundings: Surroundings, pause: @escaping (Int64) -> Bool, publish: @escaping ([AcmeState]) -> Void
    ) {
        self.store = store
        self.surroundings = surroundings
        self.pause = pause
        self.publish = publish
    }

    var states: [AcmeState] { entries.map(\.state) }

    private var now: Moment { surroundings.clock.now() }

    // MARK: What it is told

    /// These are the certificates now. What is known of those that stay is kept.
    func follow(_ list: [AcmeSettings]) {
        entries = list.map { settings in entries.first { $0.settings == settings } ?? entry(settings) }
        publish(states)
    }

    private func entry(_ settings: AcmeSettings) -> Entry {
        let stored = store.record(of: settings.names)
        var record = stored ?? AcmeRecord(of: settings)
        if record.fingerprint != settings.fingerprint {
            // What stood in the way may be gone, and an order is for what was asked then.
            record.fingerprint = settings.fingerprint
            record.order = nil
            record.plan.forgetPause()
            if stored?.issuer != settings.issuer { record.plan.window = nil }
        }
        var state = AcmeState(names: settings.names, directory: settings.directory)
        state.account = store.accountURL(of: settings)
        var entry = Entry(
            settings: settings, record: record, state: state, freeAt: now.instant, askAt: now.instant, isTakenUp: record.order != nil)
        look(&entry)
        hold(&entry)
        return entry
    }

    /// Those of these names, or all: what was to be waited for after a failure isn't any more.
    ///
    /// - Parameter isUndue: whether it is due or not.
    func renew(_ names: [String]?, isUndue: Bool) {
        for index in entries.indices where names.map({ $0 == entries[index].settings.names }) ?? true {
            entries[index].state.askedCount += 1
            entries[index].record.plan.forgetPause()
            entries[index].askAt = now.instant
            if isUndue { entries[index].isAsked = true }
            look(&entries[index])
            hold(&entries[index])
        }
        publish(states)
    }

    // MARK: What it does

    /// Does what is due, and returns after how many milliseconds to come back.
    func pass() -> Int64 {
        guard surroundings.mayOrder() else {
            // Whoever orders may have sent us its files.
            for index in entries.indices { look(&entries[index]) }
            withhold(.withheld)
            publish(states)
            return Self.restMilliseconds
        }
        withhold(.resting)
        for index in entries.indices {
            ask(index)
            if isDue(entries[index]), surroundings.mayOrder() { order(index) }
        }
        return max(0, entries.map(wait).min() ?? Self.restMilliseconds) + 1
    }

    private func wait(for entry: Entry) -> Int64 {
        func until(_ instant: Instant) -> Int64 { Int64(clamping: instant.nanoseconds(since: now.instant) / 1_000_000) }
        let due = isOpen(entry) ? 0 : entry.state.due.map { max(0, $0.at.milliseconds(since: now.wallTime)) } ?? 0
        return min(max(until(entry.freeAt), due), entry.identifier.isEmpty ? .max : until(entry.askAt), Self.restMilliseconds)
    }

    /// None of them is ordered now, for this reason.
    func withhold(_ step: AcmeState.Step) {
        guard entries.contains(where: { $0.state.step != step }) else { return }
        for index in entries.indices { entries[index].state.step = step }
        publish(states)
    }

    /// Nothing can be kept, so nothing is ordered.
    func withhold(because error: AcmeError) {
        for index in entries.indices where entries[index].state.failure?.text != error.text {
            entries[index].state.step = .resting
            entries[index].state.failure = AcmeState.Failure(at: now.wallTime, reason: error.reason, text: error.text)
        }
        publish(states)
    }

    private func isOpen(_ entry: Entry) -> Bool { entry.record.order != nil || entry.isAsked }

    private func isDue(_ entry: Entry) -> Bool {
        entry.freeAt <= now.instant && (isOpen(entry) || (entry.state.due?.at ?? now.wallTime) <= now.wallTime)
    }

    /// What is on the disk, and when it is to be renewed.
    private func look(_ entry: inout Entry) {
        let leaf = store.certificate(of: entry.settings.names)?.leaf
        entry.identifier = leaf?.renewalIdentifier ?? ""
        entry.state.issuer = leaf?.issuer ?? ""
        entry.state.lifetime = leaf.map {
            CertificateLifetime(
                start: WallTime(milliseconds: $0.startsAtUnixSeconds * 1000), end: WallTime(milliseconds: $0.endsAtUnixSeconds * 1000))
        }
        let fits = entry.settings.names.allSatisfy { name in leaf?.names.contains { AcmeOrder.isSame(name, $0) } ?? true }
        // Files that came from another machine say nothing of whom they are by.
        if leaf != nil, !fits || !["", entry.settings.issuer].contains(entry.record.issuer) {
            entry.identifier = ""
            entry.state.due = RenewalPlan.Due(at: now.wallTime, why: .changed)
        } else {
            entry.state.due = entry.record.plan.due(entry.state.lifetime, at: now.wallTime)
        }
        if entry.isAsked { entry.state.due = RenewalPlan.Due(at: now.wallTime, why: .asked) }
        // What failed isn't wanted any more.
        if leaf != nil, !isOpen(entry), let due = entry.state.due, due.at > now.wallTime { entry.state.failure = nil }
    }

    /// Nothing is tried before the pause after a failure is over, by the clock that nobody sets.
    private func hold(_ entry: inout Entry) {
        let left = max(entry.record.plan.pauseLeft(at: now.wallTime), entry.record.plan.lockLeft(at: now.wallTime))
        entry.freeAt = now.instant.advanced(byMilliseconds: Int(left))
        entry.state.pausedUntil = left > 0 ? now.wallTime.advanced(byMilliseconds: left) : nil
    }

    private func session(_ settings: AcmeSettings) -> AcmeSession {
        AcmeSession(settings, transport: surroundings.transport, clock: surroundings.clock, pause: pause)
    }

    /// Asks the authority when it wants the certificate to be renewed (RFC 9773).
    private func ask(_ index: Int) {
        var entry = entries[index]
        guard !entry.identifier.isEmpty, entry.askAt <= now.instant, !isDue(entry) else { return }
        var wait = Int64(Self.askMilliseconds)
        let before = entry.record.plan.window
        do throws(AcmeError) {
            let session = session(entry.settings)
            if let url = try session.directory().renewalInfo {
                let url = "\(url)/\(entry.identifier)"
                let reply = try session.get(url)
                wait = reply.retryMilliseconds ?? wait
                let window = try reply.json(of: AcmeURL(url))["suggestedWindow"]
                if let start = Self.time(window?.string("start")), let end = Self.time(window?.string("end")), start < end {
                    entry.record.plan.follow(start, end, random: surroundings.random())
                } else {
                    entry.record.plan.window = nil
                }
            } else {
                entry.record.plan.window = nil
            }
        } catch {
            // It has none for this certificate. Where it can't be asked now, what it said last stays.
            if error.reason == .refused { entry.record.plan.window = nil }
        }
        wait = min(max(wait, Self.askMillisecondsRange.lowerBound), Self.askMillisecondsRange.upperBound)
        entry.askAt = now.instant.advanced(byMilliseconds: Int(wait))
        if entry.record.plan.window != before {
            try? store.write(entry.record, of: entry.settings.names)
            look(&entry)
        }
        entries[index] = entry
        publish(states)
    }

    private static func time(_ text: String?) -> WallTime? {
        text.flatMap { try? CalendarTime.unixSeconds($0) }.map { WallTime(milliseconds: $0 * 1000) }
    }

    private func order(_ index: Int) {
        let entry = entries[index]
        let due = entry.state.due
        let session = session(entry.settings)
        var order = AcmeOrder(
            settings: entry.settings, store: store, session: session, board: surroundings.board, clock: surroundings.clock,
            record: entry.record
        ) { [unowned self] step in
            guard entries[index].state.step != step else { return }
            entries[index].state.step = step
            publish(states)
        }
        do throws(AcmeError) {
            if let due, !isOpen(entry) { try compareClocks(session, due) }
            try order.run(replacing: entry.identifier.isEmpty ? nil : entry.identifier)
            entries[index].record = order.record
            (entries[index].isAsked, entries[index].askAt) = (false, now.instant)
            entries[index].state.issuedCount += 1
            entries[index].state.failure = nil
        } catch {
            entries[index].record = order.record
            if entry.isTakenUp, error.reason == .challenge {
                entries[index].record.plan.count(at: now.wallTime)
            } else if error.reason != .stopped {
                fail(index, error)
            }
        }
        entries[index].state.account = session.account ?? entries[index].state.account
        entries[index].isTakenUp = false
        entries[index].state.step = .resting
        look(&entries[index])
        hold(&entries[index])
        // However little is left of one that has just come: a clock, or an authority that dates back, doesn't make us order all the time.
        if entries[index].state.issuedCount > entry.state.issuedCount {
            entries[index].freeAt = now.instant.advanced(byMilliseconds: Int(RenewalPlan.hour))
        }
        publish(states)
    }

    private func fail(_ index: Int, _ error: AcmeError) {
        entries[index].record.plan.fail(
            at: now.wallTime, entries[index].state.lifetime, retryMilliseconds: error.retryMilliseconds, random: surroundings.random())
        let (state, record) = (entries[index].state, entries[index].record)
        entries[index].state.failure = AcmeState.Failure(at: now.wallTime, reason: error.reason, text: error.text)
        entries[index].state.failureCounts[error.reason, default: 0] += 1
        try? store.write(record, of: state.names)
    }

    /// A clock that runs ahead must not make us renew what isn't due.
    private func compareClocks(_ session: AcmeSession, _ due: RenewalPlan.Due) throws(AcmeError) {
        guard due.why == .suggested || due.why == .lifetime else { return }
        _ = try session.directory()
        guard let date = session.date, due.at.milliseconds(since: date) > Self.toleranceMilliseconds else { return }
        throw AcmeError(
            .clock,
            "this machine's clock is \(TimeText.duration(milliseconds: now.wallTime.milliseconds(since: date))) ahead of the authority's, "
                + "by which nothing is to be renewed yet; set it (chrony or systemd-timesyncd)")
    }

    // MARK: Dry runs

    /// Orders as in earnest, from another directory, with an account and a key that are thrown away; nothing of it is kept.
    func tryOut(_ names: [String], directory: String) {
        guard let index = entries.firstIndex(where: { $0.settings.names == names }) else { return }
        var settings = entries[index].settings
        settings.directory = directory
        settings.profile = nil
        let store = AcmeStore(root: store.root + "/dry-run")
        var failure: AcmeError?
        do throws(AcmeError) {
            try self.store.prepare(self.store.root)
            try store.remove(store.root)
            var order = AcmeOrder(
                settings: settings, store: store, session: session(settings), board: surroundings.board, clock: surroundings.clock,
                record: AcmeRecord(of: settings)
            ) { _ in }
            try order.run(replacing: nil)
        } catch {
            failure = error
        }
        try? store.remove(store.root)
        dryRuns += 1
        entries[index].state.dryRun = AcmeState.DryRunOutcome(number: dryRuns, at: now.wallTime, failure: failure?.text)
        publish(states)
    }
}
