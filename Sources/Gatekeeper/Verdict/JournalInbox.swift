internal import Synchronization

/// What has been said and not yet written: the workers' rings, and the lines of everybody else.
final class JournalInbox: Sendable {
    /// One for each worker.
    let rings: [JournalRing]
    let signal: JournalSignal
    /// One for each worker, likewise.
    let marks: [TurnMark]
    /// What the control thread learns of denials.
    let denials: DenialCounts
    /// What it learns of requests, while it wants to.
    let learned = LearnedRequests()

    private let mail: Mutex<Mail>
    private let finishing = Atomic<Bool>(false)
    private let dropped = Atomic<UInt64>(0)
    private let failure = Mutex<Failure?>(nil)
    /// When the turn began that is being written, in nanoseconds of the monotonic clock; 0 between turns.
    private let writingSince = Atomic<UInt64>(0)

    /// The last line that was written got nowhere.
    private struct Failure {
        var reason: String
        var sinceMilliseconds: Int64
    }

    /// A disk may take a while; a reader that hasn't read for so long has stopped.
    static let patienceMilliseconds = 5_000

    /// Lines of the control plane that may wait; they are rare, and what floods them is a bug that must not eat the memory.
    static let eventsMax = 1024

    init(
        workers: Int, ringBytes: Int, listeners: [String], format: Settings.Log.Format = .json, syslogPath: String? = nil
    ) throws(SystemError) {
        rings = (0..<workers).map { _ in JournalRing(capacity: ringBytes) }
        marks = (0..<workers).map { _ in TurnMark() }
        signal = try JournalSignal()
        denials = try DenialCounts()
        mail = Mutex(Mail(listeners: listeners, format: format, syslogPath: syslogPath))
    }

    struct Event: Sendable {
        var name: String
        var stage: Stage?
        var fields: [JournalField]
        var wallMilliseconds: Int64
    }

    struct Mail: Sendable {
        var listeners: [String]
        var format: Settings.Log.Format
        /// Where lines go, in place of the journal's descriptor.
        var syslogPath: String?
        var events: [Event] = []
        var dropped: UInt64 = 0
        /// To be written behind everything else.
        var lastWord: Event?
    }

    var isEmpty: Bool {
        rings.allSatisfy { $0.isEmpty && !$0.hasDeniedUnseen } && mail.withLock { $0.events.isEmpty && $0.dropped == 0 }
    }

    /// True once nothing more will come.
    var isFinishing: Bool { finishing.load(ordering: .acquiring) }

    /// Lines lost since the start, as far as the journal has noticed.
    var linesDropped: UInt64 { dropped.load(ordering: .relaxed) }

    func note(linesDropped count: UInt64) {
        dropped.store(count, ordering: .relaxed)
    }

    /// What stands against the last line; nil when it was written.
    func note(failure reason: String?, wallMilliseconds: Int64) {
        failure.withLock { failure in
            guard let reason else { return failure = nil }
            failure = Failure(reason: reason, sinceMilliseconds: failure?.sinceMilliseconds ?? wallMilliseconds)
        }
    }

    func note(writingSince instant: Instant?) {
        writingSince.store(instant?.nanoseconds ?? 0, ordering: .relaxed)
    }

    /// Why lines are being lost, or will be; nil while they are written.
    func trouble(now: Instant, wallMilliseconds: Int64) -> JournalTrouble? {
        if let failure = failure.withLock({ $0 }) {
            return JournalTrouble(reason: failure.reason, linesLost: linesDropped, sinceMilliseconds: failure.sinceMilliseconds)
        }
        let since = writingSince.load(ordering: .relaxed)
        guard since > 0 else { return nil }
        let age = Int64(now.nanoseconds(since: Instant(nanoseconds: since)) / 1_000_000)
        guard age >= Self.patienceMilliseconds else { return nil }
        return JournalTrouble(
            reason: "whoever reads the log has stopped reading", linesLost: linesDropped, sinceMilliseconds: wallMilliseconds - age,
            isStalled: true)
    }

    func post(_ event: Event) {
        mail.withLock { mail in
            if mail.events.count < Self.eventsMax { mail.events.append(event) } else { mail.dropped += 1 }
        }
        signal.wakeIfSleeping()
    }

    /// Stamped where nobody can collect it before or be stopped behind it.
    func post(_ name: String, _ stage: Stage?, _ fields: [JournalField]) {
        mail.withLock { mail in
            guard mail.events.count < Self.eventsMax else { return mail.dropped += 1 }
            mail.events.append(Event(name: name, stage: stage, fields: fields, wallMilliseconds: System.wallMilliseconds()))
        }
        signal.wakeIfSleeping()
    }

    /// Until when everything has been told that ever will be, asked before anything is collected: nothing that comes later is as old.
    ///
    /// A worker whose turn takes longer than `lateMillisecondsMax` isn't waited for.
    func cutoff(wallMilliseconds: Int64) -> Int64 {
        // A mark may take a moment to be seen.
        let cutoff = marks.reduce(wallMilliseconds - 1) { min($0, $1.value) }
        return max(cutoff, wallMilliseconds - Self.lateMillisecondsMax)
    }

    private static let lateMillisecondsMax: Int64 = 1_000

    func rename(listeners: [String]) {
        mail.withLock { $0.listeners = listeners }
    }

    func write(as format: Settings.Log.Format) {
        mail.withLock { $0.format = format }
    }

    func direct(toSyslog path: String?) {
        mail.withLock { $0.syslogPath = path }
    }

    /// Everything posted since the last call, and how lines are to be written at present.
    func collect() -> Mail {
        mail.withLock { mail in
            let collected = mail
            mail.events = []
            mail.dropped = 0
            return collected
        }
    }

    func finish(_ lastWord: Event?) {
        mail.withLock { $0.lastWord = lastWord }
        finishing.store(true, ordering: .releasing)
        signal.wake()
    }
}
