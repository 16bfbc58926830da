/// Where everything that happened is written down, one line each: a JSON object, or text for people.
///
/// ```
///   worker 0 ─ JournalWriter ─▶ ring ─┐
///   worker 1 ─ JournalWriter ─▶ ring ─┼─▶ thread `journal`: LogFormatter ─▶ descriptor or syslog
///   others   ─ event(…) ─────▶ mutex ─┘     (denials and failed handshakes through SourceAggregator)
/// ```
///
/// A worker never waits for the log: a ring that is full loses the record and counts it. After a wake-up the journal gathers for 4 ms
/// before it writes, so it wakes at most 250 times a second, and not at all when nothing happens.
package final class Journal: Sendable {
    private let inbox: JournalInbox
    private let thread: JournalThread
    private let log: Settings.Log
    private let answers: AnswerRuns

    /// Many lines in one write, and not so many that writing them keeps a worker off its core for long: with 20 ms and few
    /// clients, the slowest hundredth of the requests took twice as long.
    static let gatherMilliseconds = 4

    /// Starts the journal's thread; `finish` ends it.
    ///
    /// - Parameters:
    ///   - descriptor: what lines are written to. Borrowed; stays open, and may be replaced with `dup2` to begin another file.
    ///   - workers: how many `writer`s there will be.
    ///   - syslogPath: the socket of the system's log, which gets the lines in place of the descriptor.
    ///   - listeners: what lines call each listener, in the order of the settings.
    ///   - answers: what becomes of each source's requests is counted there.
    package static func start(
        descriptor: Int32, syslogPath: String? = nil, workers: Int, listeners: [String], log: Settings.Log = Settings.Log(),
        answers: AnswerRuns = AnswerRuns(), ringBytes: Int = 1 << 20
    ) throws(SystemError) -> Journal {
        let inbox = try JournalInbox(
            workers: workers, ringBytes: ringBytes, listeners: listeners, format: log.format, syslogPath: syslogPath)
        return try Journal(inbox, descriptor: descriptor, log: log, answers: answers)
    }

    private init(_ inbox: JournalInbox, descriptor: Int32, log: Settings.Log, answers: AnswerRuns) throws(SystemError) {
        self.inbox = inbox
        self.answers = answers
        self.log = log
        inbox.learned.turn(on: log.learns)
        thread = try JournalThread { Self.run(inbox, descriptor) }
    }

    /// The pen of worker `worker` (0…workers-1). To be asked for once for each, and used on that worker's thread only.
    package func writer(worker: Int) -> sending JournalWriter {
        JournalWriter(
            ring: inbox.rings[worker], signal: inbox.signal, mark: inbox.marks[worker], answers: answers, writesAccess: log.access,
            learns: log.learns)
    }

    /// A line of the control plane (`started`, `reloaded`, `upstream_down`), from any thread, stamped with the present time.
    package func event(_ name: String, stage: Stage? = nil, _ fields: [JournalField] = []) {
        inbox.post(name, stage, fields)
    }

    /// Who was denied, for whoever keeps it longer than the log.
    var denials: DenialCounts { inbox.denials }

    /// Which requests there are, for whoever keeps it.
    var learned: LearnedRequests { inbox.learned }

    /// Lines lost since the start.
    package var linesDropped: UInt64 { inbox.linesDropped }

    /// Why lines are being lost; nil while they aren't.
    package var trouble: JournalTrouble? { inbox.trouble(now: System.now(), wallMilliseconds: System.wallMilliseconds()) }

    /// What lines call the listeners from now on.
    package func rename(listeners: [String]) {
        inbox.rename(listeners: listeners)
    }

    /// How lines are written from now on.
    package func write(as format: Settings.Log.Format) {
        inbox.write(as: format)
    }

    /// Where lines go from now on: to the system's log, or (nil) to the descriptor, which must be ready for them by then.
    package func direct(toSyslog path: String?) {
        inbox.direct(toSyslog: path)
    }

    /// Writes everything that was said before, and the last summaries, then ends the thread. To be called when the workers have stopped.
    ///
    /// - Returns: false if the log's reader didn't take it within `timeoutMilliseconds`; the thread then goes on trying.
    @discardableResult
    package func finish(lastly name: String? = nil, timeoutMilliseconds: Int = 5_000) -> Bool {
        inbox.finish(
            name.map { JournalInbox.Event(name: $0, stage: nil, fields: [], wallMilliseconds: System.wallMilliseconds()) })
        return thread.join(withinMilliseconds: timeoutMilliseconds)
    }

    private static func run(_ inbox: JournalInbox, _ descriptor: Int32) {
        var formatter = LogFormatter(inbox: inbox, descriptor: descriptor)
        while !inbox.isFinishing {
            let now = System.now()
            let timeout = formatter.deadline.map { Int($0.nanoseconds(since: now) / 1_000_000) + 1 }
            inbox.signal.sleep(timeoutMilliseconds: timeout) { inbox.isFinishing || !inbox.isEmpty }
            if !inbox.isFinishing { inbox.signal.gather(milliseconds: gatherMilliseconds) }
            inbox.note(writingSince: System.now())
            let wallMilliseconds = System.wallMilliseconds()
            let cutoff = inbox.cutoff(wallMilliseconds: wallMilliseconds)
            formatter.turn(now: System.now(), wallMilliseconds: wallMilliseconds, cutoff: cutoff) { inbox.isFinishing }
            inbox.note(writingSince: nil)
        }
        formatter.finish(now: System.now(), wallMilliseconds: System.wallMilliseconds()) { true }
    }
}
