internal import Gatekeeper
internal import Glibc

/// The control thread's life: start the server, tell whoever waits for it, then follow signals, files and a successor until the last worker
/// has ended.
///
/// ```
///   start ─▶ serving ──TERM, INT, QUIT──▶ leaving ──timeouts.leave──▶ draining ──workers ended──▶ exit 0
///             │  ▲  └──────successor serves──────────────────────────────┘ │
///             └──┘ HUP, files replaced: another configuration              └──the same again, also while leaving──▶ stopped at once, exit 1
/// ```
///
/// Nothing here is on the data path; the thread sleeps in `poll` while the workers serve.
struct ServiceLoop: ~Copyable {
    private let service: Service
    private let signals: SignalDescriptor
    private let notification: ServiceNotification
    private let program: String?
    /// Nil where nobody asked for one.
    private let control: ControlSocket?
    private var watch: FileWatch?
    /// When to look at the watched files.
    private var lookAt = MonotonicClock.now().advanced(byMilliseconds: Self.lookMilliseconds)
    private var successor: Successor?
    private var aliveAt: Instant?
    /// When to judge what is wrong.
    private var judgeAt = MonotonicClock.now()
    private var failuresJudged = ServiceFailures()
    /// When to record denials; nil while there are none.
    private var recordAt: Instant?
    /// When to record who came.
    private var recordSourcesAt = MonotonicClock.now().advanced(byMilliseconds: Self.recordSourcesMilliseconds)
    private var recordedAt: Instant?
    /// Until when connections are still taken; nil until the end is asked for.
    private var leaveUntil: Instant?
    /// When to look at the shield; nil until it is rung for.
    private var shieldAt: Instant?

    /// How soon a second signal is seen while the workers end: a wait for workers and one for signals can't be one wait.
    private static let drainTurnMilliseconds = 50
    /// Turns of a drain from one look at the successor's grants to the next: half a second.
    private static let followTurns = 10
    /// Workers end within a turn of their loop once told; one that doesn't is broken and must not keep the process.
    private static let stopTurnsMax = 100
    /// A renewal writes certificate and key, one after the other.
    private static let settleMilliseconds = 500
    /// A flood costs the disk one transaction in this time.
    private static let recordMilliseconds = 10_000
    /// What a crash may lose of when a source was last seen.
    private static let recordSourcesMilliseconds = 60_000
    /// How often files are looked at without an event: network file systems give none, nor does a folder that was replaced as a whole.
    private static let lookMilliseconds = 60_000
    /// How soon what nobody tells of is noticed: a ticket system that is down, a log that can't be written.
    private static let judgeMilliseconds = 2_000
    /// How long the calendar may jump without our noticing.
    private static let calendarMilliseconds: Int64 = 10_000

    /// Runs the service with the calling thread as control thread; returns the exit status. `signals` was made before any thread.
    /// `whenReady` is called with the addresses once connections to them are accepted.
    static func run(
        _ reading: ConfigurationSource.Reading, from source: ConfigurationSource, signals: consuming SignalDescriptor,
        whenReady: ([SocketAddress]) -> Void = { _ in }
    ) -> Int32 {
        let program = Program.ownPath()
        DescriptorLimit.raise()
        let log: LogFile
        do {
            log = try LogFile(reading.configuration.logDestination)
        } catch {
            Console.complain("cannot \(error)")
            // Its folder may come with a mount.
            return error.code == ENOENT ? ExitStatus.failure : ExitStatus.misuse
        }
        let notification = ServiceNotification()
        do throws(ServerError) {
            let inherited = try InheritedSockets(process: Program.ownProcess)
            let service = try Service.start(reading, from: source, log: log, inherited: inherited, notification: notification)
            // A successor takes the socket when it serves, so that one that fails has taken nothing.
            let control: ControlSocket?
            do throws(UnixListenerError) {
                control = try reading.configuration.controlPath.map { (path) throws(UnixListenerError) in
                    try ControlSocket(path: path, takingOver: inherited.predecessor != nil)
                }
            } catch {
                // With the log open: its descriptor must not become another file's while the journal still writes.
                return withExtendedLifetime(service) {
                    Console.complain("control: \(error)")
                    nameRunning(reading.configuration)
                    return ExitStatus.misuse
                }
            }
            whenReady(service.server.addresses)
            var loop = ServiceLoop(service, signals: signals, control: control, notification: notification, program: program)
            inherited.predecessor?.tell()
            return loop.serve()
        } catch {
            Console.complain(error.advised)
            if error.cause == .system(EADDRINUSE) { nameRunning(reading.configuration) }
            return error.cause == .settings || error.cause == .privilege ? ExitStatus.misuse : ExitStatus.failure
        }
    }

    /// A second instance is most often a mistake, and the first one is what was meant.
    private static func nameRunning(_ configuration: Configuration) {
        guard let running = RunningService.find(at: configuration.controlPath) else { return }
        Console.complain(
            "the service runs already, as process \(running.process); `gatekeeperd reload` has it take a changed configuration")
    }

    private init(
        _ service: Service, signals: consuming SignalDescriptor, control: ControlSocket?, notification: ServiceNotification,
        program: String?
    ) {
        self.service = service
        self.signals = signals
        self.control = control
        self.notification = notification
        self.program = program
        do throws(SystemError) {
            watch = try FileWatch()
            watch?.watch(service.lookedAtPaths)
            // Between the reading and the watching nobody looked.
            if let changed = service.source.changedFiles(since: service.current) { _ = service.reloadFiles(changed, at: .now()) }
        } catch {
            Console.complain("cannot \(error); a renewed certificate takes a reload")
        }
    }

    // MARK: Serving

    private mutating func serve() -> Int32 {
        notification.ready(status: service.statusLine)
        aliveAt = notification.watchdogMilliseconds.map { _ in MonotonicClock.now() }
        while true {
            let ready = Poll.wait(for: sources, milliseconds: patience())
            service.pass(at: .now())
            if ready.contains(.files) { noteEvents() }
            lookAtFiles()
            if let heir = followSuccessor(isReadable: ready.contains(.successor)) { return drain(handedOverTo: heir) }
            answerClients(areReadable: ready.contains(.control))
            if ready.contains(.announcements) { service.noteAnnouncements(at: .now()) }
            recordDenials(areWaiting: ready.contains(.denials))
            recordSources()
            turnShield(isFlooded: ready.contains(.flood))
            service.turnStatusPage()
            sayAlive()
            while let signal = signals.next() {
                guard isEnd(signal) else {
                    answer(signal)
                    continue
                }
                if leaveUntil != nil { return stop() }
                if !beginLeaving() { return drain() }
            }
            if let leaveUntil, leaveUntil <= MonotonicClock.now() { return drain() }
            followConfiguration()
            judgeProblems()
        }
    }

    /// Those that are there at the moment.
    private var sources: [PollSource: Int32] {
        var sources: [PollSource: Int32] = [
            .signals: signals.number, .announcements: service.server.announcementDescriptor, .flood: service.server.floodDescriptor,
        ]
        sources[.files] = watch?.number
        sources[.successor] = successor?.number
        sources[.control] = control?.number
        // Told of already; the rest comes with the next record.
        if recordAt == nil { sources[.denials] = service.denialDescriptor }
        sources[.statusPage] = service.statusListener?.number
        return sources
    }

    /// False where the settings want none of it.
    private mutating func beginLeaving() -> Bool {
        let milliseconds = service.leave()
        guard milliseconds > 0 else { return false }
        // What the manager hears of from now on is this end.
        abandonSuccessor()
        leaveUntil = MonotonicClock.now().advanced(byMilliseconds: milliseconds)
        notification.leaving()
        return true
    }

    private mutating func abandonSuccessor() {
        guard let successor else { return }
        self.successor = nil
        successor.abandon()
        service.isHandingOver = false
        service.server.lendListeners(false)
    }

    /// How long nothing has to be done unless something happens.
    private func patience() -> Int32 {
        let now = MonotonicClock.now()
        let deadlines = [successor?.deadline, control?.nextDeadline, service.statusListener?.nextDeadline]
        let instant = ([lookAt, judgeAt, aliveAt, recordAt, recordSourcesAt, shieldAt, leaveUntil] + deadlines).compactMap(\.self).min()
        var milliseconds = instant.map { Int64(clamping: ($0.nanoseconds(since: now) + 999_999) / 1_000_000) }
        if let moment = service.nextMoment {
            let left = min(max(0, moment.milliseconds(since: .now())), Self.calendarMilliseconds)
            milliseconds = min(milliseconds ?? left, left)
        }
        return milliseconds.map { Int32(clamping: $0) } ?? -1
    }

    private mutating func answerClients(areReadable: Bool) {
        guard let control, areReadable || control.nextDeadline.map({ $0 <= MonotonicClock.now() }) ?? false else { return }
        control.turn(service, at: MonotonicClock.now(), wallTime: .now())
    }

    private mutating func recordDenials(areWaiting: Bool) {
        let now = MonotonicClock.now()
        if areWaiting { recordAt = max(now, recordedAt?.advanced(byMilliseconds: Self.recordMilliseconds) ?? now) }
        guard let due = recordAt, due <= now else { return }
        service.recordDenials(at: .now())
        (recordAt, recordedAt) = (nil, now)
    }

    private mutating func recordSources() {
        guard recordSourcesAt <= MonotonicClock.now() else { return }
        recordSourcesAt = MonotonicClock.now().advanced(byMilliseconds: Self.recordSourcesMilliseconds)
        service.recordSources(at: .now())
    }

    /// From time to time, and when something was tried and failed, or succeeds at last.
    private mutating func judgeProblems() {
        guard judgeAt <= MonotonicClock.now() || service.problemBook.failures != failuresJudged else { return }
        service.judgeProblems(at: .now())
        failuresJudged = service.problemBook.failures
        judgeAt = MonotonicClock.now().advanced(byMilliseconds: Self.judgeMilliseconds)
    }

    private mutating func turnShield(isFlooded: Bool) {
        guard isFlooded || shieldAt.map({ $0 <= MonotonicClock.now() }) ?? false else { return }
        shieldAt = service.server.turnShield()
    }

    /// A sign of life, if every worker has given one since the last.
    private mutating func sayAlive() {
        guard let due = aliveAt, let interval = notification.watchdogMilliseconds, due <= MonotonicClock.now() else { return }
        if service.server.isAlive() { notification.alive() }
        aliveAt = MonotonicClock.now().advanced(byMilliseconds: interval)
    }

    // MARK: Files

    private mutating func noteEvents() {
        watch?.clear()
        // From the first event on, so that a file that changes all the time is read all the same.
        lookAt = min(lookAt, MonotonicClock.now().advanced(byMilliseconds: Self.settleMilliseconds))
    }

    private mutating func lookAtFiles() {
        guard lookAt <= MonotonicClock.now() else { return }
        // Whoever serves by then has read them, or looks itself.
        guard !service.isHandingOver else {
            lookAt = MonotonicClock.now().advanced(byMilliseconds: Self.settleMilliseconds)
            return
        }
        let isWaiting = service.lookForFiles(at: .now())
        lookAt = MonotonicClock.now().advanced(
            byMilliseconds: isWaiting ? Int(AbsentFiles.patienceMilliseconds) : Self.lookMilliseconds)
        var changed = watch?.changed() ?? []
        // Links may lead elsewhere now, changed files or not.
        watch?.watch(service.lookedAtPaths)
        let failures = service.problemBook.failures
        let place = service.source.file.flatMap { changed.firstIndex(of: $0) }
        if let place { changed.remove(at: place) }
        // Whatever it lacked may be there now.
        if place != nil || failures.configuration != nil { service.judgeConfigurationFile(at: .now()) }
        // What failed for want of another file succeeds when that comes back, the same as before.
        changed = Set(changed).union(failures.unread).sorted()
        guard !changed.isEmpty else { return }
        if case .kept(let lines) = service.reloadFiles(changed, at: .now()), !lines.isEmpty {
            for line in lines { Console.report(line) }
            Console.complain("files were replaced, but can't be used; what was loaded before stays")
        }
    }

    /// Whatever has put another configuration in force, the files that it names are watched, and whoever drains beside us learns of it.
    private mutating func followConfiguration() {
        service.tellPredecessor()
        let paths = service.lookedAtPaths
        if let watched = watch?.paths, watched != paths { watch?.watch(paths) }
    }

    // MARK: A successor

    private mutating func beginSuccession() {
        if successor != nil { return Console.complain("SIGUSR2: a successor is on its way already") }
        if leaveUntil != nil { return Console.complain("SIGUSR2: the service is about to stop") }
        guard let program else { return Console.complain("SIGUSR2: where this binary lies is not known") }
        do throws(SystemError) {
            successor = try Successor(program: program, arguments: CommandLine.arguments, sockets: service.server.listeners)
            service.isHandingOver = true
            service.problemBook.failures.succession = nil
            service.server.lendListeners(true)
            service.server.event("succession", [JournalField("state", "begun")])
        } catch {
            service.problemBook.failures.succession = ServiceFailures.Failure(at: .now(), lines: ["cannot \(error)"])
            Console.complain("SIGUSR2: cannot \(error)")
        }
    }

    /// The successor when it serves and we are to go.
    private mutating func followSuccessor(isReadable: Bool) -> Successor? {
        guard let successor, let outcome = successor.outcome(isReadable: isReadable) else { return nil }
        self.successor = nil
        service.isHandingOver = false
        switch outcome {
        case .serves:
            service.server.event("succession", [JournalField("state", "handed_over"), JournalField("process", successor.process)])
            notification.replaced(by: successor.process, status: service.statusLine)
            return successor
        case .failed(let reason, let words):
            service.server.lendListeners(false)
            service.problemBook.failures.succession = ServiceFailures.Failure(at: .now(), lines: [reason])
            let said = words.isEmpty ? [] : [JournalField("said", words)]
            service.server.event("succession", [JournalField("state", "failed"), JournalField("error", reason)] + said)
            Console.complain("the new binary did not take over: \(reason); this one goes on")
            return nil
        }
    }

    // MARK: Signals

    private func isEnd(_ signal: SignalDescriptor.Signal) -> Bool {
        switch signal {
        case .terminate, .interrupt, .quit: true
        case .hangUp, .reopenLog, .upgrade: false
        }
    }

    /// What a signal other than the end asks for.
    private mutating func answer(_ signal: SignalDescriptor.Signal) {
        switch signal {
        case .reopenLog: service.reopenLog()
        case .hangUp: reload()
        case .upgrade: beginSuccession()
        case .terminate, .interrupt, .quit: break
        }
    }

    private func reload() {
        if case .kept(let lines) = service.reload(askedBy: "SIGHUP", at: .now()) {
            for line in lines { Console.report(line) }
            Console.complain("the configuration was not changed")
        }
    }

    // MARK: The end

    private func drain(handedOverTo heir: Successor? = nil) -> Int32 {
        // One that doesn't serve yet would go on behind the back of whoever ended us.
        successor?.abandon()
        // What the manager hears of from now on is the successor.
        if heir == nil { notification.stopping() } else { service.statusListener?.stop() }
        // Workers that have ended can't be asked.
        service.recordSources(at: .now())
        service.server.beginDrain(isHandedOver: heir != nil)
        // Now as well as at the end: who finds the drain too long kills us.
        service.recordDenials(at: .now())
        // It has read the configuration after us.
        if heir != nil { service.followAllowList(at: .now()) }
        var turns = 0
        while !service.server.wait(milliseconds: Self.drainTurnMilliseconds) {
            if let heir {
                // What it revokes ends here too.
                if heir.hasNews() { service.followAllowList(at: .now()) }
                if turns % Self.followTurns == 0 { service.endEntries(at: .now(), isFollowed: true) }
            } else {
                service.endEntries(at: .now())
            }
            turns += 1
            service.turnStatusPage()
            while let signal = signals.next() {
                if isEnd(signal) { return stop() }
                if signal == .reopenLog { service.reopenLog() }
            }
        }
        service.recordDenials(at: .now(), isLast: true)
        return 0
    }

    private func stop() -> Int32 {
        service.server.stop()
        var turns = 0
        while !service.server.wait(milliseconds: Self.drainTurnMilliseconds), turns < Self.stopTurnsMax { turns += 1 }
        service.recordDenials(at: .now(), isLast: true)
        return ExitStatus.failure
    }
}
