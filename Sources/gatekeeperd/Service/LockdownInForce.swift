internal import Gatekeeper
internal import Glibc

/// The lockdown, if there is one: begun, ended, and kept on the disk beside it. Whom it lets in is `AdmittedEntries`' to say.
///
/// It is in force from the moment that the workers know, whatever the disk says; what can't be written is tried again. It ends likewise: a record
/// that can't be taken away errs on the side of the door being shut after a restart.
final class LockdownInForce: TimedPart {
    /// Nil where nothing outlives the process.
    private let folder: String?
    private let boot: String?
    /// Nil until somebody serves.
    private var plane: (any DataPlane)?
    /// Has the server learn of it.
    private var didChange: (Moment) -> Void = { _ in }

    private var record: LockdownRecord?
    /// Why what is on the disk can't be understood, since when.
    private var illegible: (obstacle: String, since: WallTime)?
    /// As it is on the disk; nil where there is none of ours.
    private var written: [UInt8]?
    /// What is on the disk isn't what it should be.
    private var failure: SystemError?
    private var triesAt: Instant?
    /// The calendar's word for the end; another one only when the calendar has jumped.
    private var endsAt: WallTime?
    /// The last one that this was told of.
    private var moment: Moment

    private static let retryMilliseconds = 10_000

    /// - Parameter folder: of `state:`.
    init(folder: String?, boot: String? = LockdownRecord.bootIdentifier(), at now: Moment) {
        self.folder = folder
        self.boot = boot
        moment = now
        read(at: now)
        followClock(now)
    }

    /// From now on the log is told, and `didChange` of whatever begins or ends here.
    func serve(on plane: any DataPlane, didChange: @escaping (Moment) -> Void) {
        self.plane = plane
        self.didChange = didChange
    }

    // MARK: What is so

    /// Nil while everybody on the list is let in.
    var current: Lockdown? {
        if let illegible {
            var lockdown = Lockdown(since: illegible.since)
            lockdown.obstacle = illegible.obstacle
            return lockdown
        }
        guard let record else { return nil }
        var lockdown = record.lockdown
        lockdown.endsAt = endsAt
        lockdown.transience = transience
        return lockdown
    }

    /// Why a restart ends it.
    private var transience: String? {
        folder == nil ? "nothing outlives this service (state: in the configuration)" : failure.map { "it isn't on the disk: cannot \($0)" }
    }

    /// Why a restart begins it again; nil while there is one.
    var leftover: String? { current == nil ? failure.map { "cannot \($0)" } : nil }

    /// A new binary would know nothing of it.
    var isLostBySuccession: Bool { current != nil && transience != nil }

    private var path: String { LockdownRecord.path(in: folder ?? "") }

    // MARK: What is asked for

    /// Shuts out everybody but `keep`, in the place of what was said before.
    func begin(keep: [String], seconds: Int?, by requester: Requester, at now: Moment) -> LockdownReport {
        var lockdown = Lockdown(since: record?.lockdown.since ?? now.wallTime)
        lockdown.requester = requester
        lockdown.keep = keep
        lockdown.grants = record?.lockdown.grants ?? []
        let wasIn = record != nil
        illegible = nil
        let term = seconds.map { LockdownRecord.Term(seconds: $0, endsAt: now.instant.advanced(byMilliseconds: $0 * 1000)) }
        record = LockdownRecord(lockdown: lockdown, term: term)
        endsAt = nil
        followClock(now)
        didChange(now)
        write(at: now)
        tell(wasIn ? "changed" : "begun", by: "\(requester)")
        return reply
    }

    /// Lets in again whoever is listed; nil when there was no lockdown.
    ///
    /// - Parameter isAsked: a person wants it, whoever has written what is on the disk.
    func end(by requester: String, isAsked: Bool = true, at now: Moment) -> LockdownReport? {
        guard current != nil else { return nil }
        (record, illegible) = (nil, nil)
        remove(isAsked: isAsked, at: now)
        didChange(now)
        plane?.event("lockdown", [JournalField("state", "ended"), JournalField("by", requester)])
        return reply
    }

    /// From now on this grant admits, though there is a lockdown.
    func admit(_ grant: Grant) {
        guard var record, record.lockdown.effect(on: grant) != .none else { return }
        record.lockdown.grants.append(Lockdown.AdmittedGrant(row: grant.identifier, address: grant.address))
        self.record = record
        write(at: moment)
    }

    private var reply: LockdownReport {
        let doubt =
            record == nil
            ? leftover.map { "\($0): after a restart everybody would be shut out again, unless \(path) is taken away" }
            : transience.map { "it won't survive a restart of the service: \($0)" }
        return LockdownReport(lockdown: current, warnings: [doubt].compactMap(\.self))
    }

    private func tell(_ state: String, by requester: String) {
        guard let lockdown = current else { return }
        plane?.event(
            "lockdown",
            [
                JournalField("state", state), JournalField("keep", lockdown.keep.joined(separator: ", ")),
                JournalField("until", lockdown.endsAt?.text ?? "ended"), JournalField("by", requester),
            ])
    }

    // MARK: Time

    private static let jumpMilliseconds: Int64 = 2_000

    private func followClock(_ now: Moment) {
        moment = now
        guard let term = record?.term else { return endsAt = nil }
        let end = LockdownRecord.wallTime(of: term, at: now)
        if let endsAt, abs(end.milliseconds(since: endsAt)) <= Self.jumpMilliseconds { return }
        endsAt = end
    }

    var next: DueTime? { [record?.term?.endsAt, triesAt].compactMap(\.self).min().map { .instant($0) } }

    func pass(at now: Moment) {
        followClock(now)
        if let term = record?.term, term.endsAt <= now.instant { _ = end(by: "its time is up", isAsked: false, at: now) }
        guard let triesAt, triesAt <= now.instant else { return }
        if record == nil { remove(isAsked: false, at: now) } else { write(at: now) }
    }

    /// Goes by what another process has written, which keeps the record by now; true if that is something else.
    func follow(at now: Moment) -> Bool {
        guard folder != nil else { return false }
        let before = current
        read(at: now)
        followClock(now)
        guard let before, let after = current else { return (before == nil) != (current == nil) }
        return before.keep != after.keep || before.grants != after.grants || before.obstacle != after.obstacle
    }

    // MARK: The disk

    private func read(at now: Moment) {
        guard let folder else { return }
        let since = illegible?.since ?? now.wallTime
        (record, illegible, written) = (nil, nil, nil)
        switch LockdownRecord.read(in: folder, boot: boot, at: now) {
        case .none: break
        case .record(let found, let bytes): (record, written) = (found, bytes)
        case .illegible(let obstacle): illegible = (obstacle, since)
        }
    }

    private func write(at now: Moment) {
        guard folder != nil, let bytes = record?.bytes(boot: boot, at: now) else { return }
        attempt(at: now) { () throws(SystemError) in
            try DurableFile.write(bytes, to: path)
            written = bytes
        }
    }

    /// Takes away what is there; but not what somebody else has written since, who serves by now.
    private func remove(isAsked: Bool, at now: Moment) {
        guard folder != nil else { return }
        if !isAsked, let written, let present = try? FileContents.read(path, bytesMax: LockdownRecord.bytesMax), present != written {
            (failure, triesAt) = (SystemError("take away \(path), which somebody else has written", code: EEXIST), nil)
            return
        }
        attempt(at: now) { () throws(SystemError) in
            try DurableFile.remove(path)
            written = nil
        }
    }

    private func attempt(at now: Moment, _ work: () throws(SystemError) -> Void) {
        do throws(SystemError) {
            try work()
            (failure, triesAt) = (nil, nil)
        } catch {
            failure = error
            triesAt = now.instant.advanced(byMilliseconds: Self.retryMilliseconds)
        }
    }
}

extension LockdownInForce: StateKeeper {
    func kept(before next: Configuration, at now: WallTime) -> String? {
        current.map { _ in "a lockdown" }
    }
}
