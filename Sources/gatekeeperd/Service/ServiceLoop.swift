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
/// Nothing here is on the data path; the thread sleeps in `poll` while the workers serve. A turn of the loop waits for nothing.
struct ServiceLoop: ~Copyable {
    private let service: Service
    private let signals: any SignalSource
    /// Nil where nobody asked for one.
    private let control: ControlSocket?
    private let succession: Succession
    private let files: WatchedFiles
    private let shield: ShieldWatch
    private let watchdog: Watchdog
    /// Until when connections are still taken; nil until the end is asked for.
    private var leaveUntil: Instant?

    /// How soon a second signal is seen while the workers end: a wait for workers and one for signals can't be one wait.
    private static let drainTurnMilliseconds = 50
    /// Turns of a drain from one look at the successor's grants to the next: half a second.
    private static let followTurns = 10
    /// Workers end within a turn of their loop once told; one that doesn't is broken and must not keep the process.
    private static let stopTurnsMax = 100

    // MARK: Starting

    /// Runs the service with the calling thread as control thread; returns the exit status. `signals` was made before any thread.
    /// `whenReady` is called with the addresses once connections to them are accepted.
    static func run(
        _ reading: ConfigurationSource.Reading, from source: ConfigurationSource, signals: any SignalSource,
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
        do throws(ServerError) {
            let inherited = try InheritedSockets(process: Program.ownProcess)
            let service = try Service.start(
                reading, from: source, log: log, inherited: inherited, notification: ServiceNotification(), clock: .system)
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
            whenReady(service.parts.plane.addresses)
            var loop = ServiceLoop(
                service, signals: signals, control: control, program: program, predecessor: inherited.predecessor)
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

    /// - Parameters:
    ///   - program: where our binary lies, for a successor.
    ///   - predecessor: whom we took over from.
    init(
        _ service: Service, signals: any SignalSource, control: ControlSocket? = nil, program: String? = nil,
        predecessor: Predecessor? = nil
    ) {
        self.service = service
        self.signals = signals
        self.control = control
        let now = service.parts.clock.now()
        succession = Succession(of: service.configuration, parts: service.parts, program: program, predecessor: predecessor)
        files = WatchedFiles(of: service.configuration, parts: service.parts, at: now)
        shield = ShieldWatch(on: service.parts.plane)
        watchdog = Watchdog(service.parts.notification, on: service.parts.plane, at: now)
    }

    private var now: Moment { service.parts.clock.now() }

    // MARK: Serving

    private mutating func serve() -> Int32 {
        service.parts.notification.ready(status: service.parts.statusLine)
        while true {
            switch turn(Poll.wait(for: sources, milliseconds: patience())) {
            case .goesOn: continue
            case .drains(let heir): return drain(handedOverTo: heir)
            case .stops: return stop()
            }
        }
    }

    /// What comes after a turn.
    enum Turn {
        case goesOn
        /// The heir is who serves in our place; nil at the end.
        case drains(handedOverTo: Successor?)
        /// Without waiting for anybody.
        case stops
    }

    /// What is waited for: those that are there at the moment.
    var sources: [PollSource: Int32] {
        let parts = service.parts
        var sources: [PollSource: Int32] = [
            .signals: signals.number, .firstUses: parts.plane.firstUseDescriptor, .flood: parts.plane.floodDescriptor,
        ]
        sources[.files] = files.number
        sources[.successor] = succession.number
        sources[.control] = control?.number
        sources[.denials] = parts.denials.descriptor
        sources[.statusPage] = parts.statusPage.number
        sources[.notices] = parts.notifiers.number
        sources[.orders] = parts.orders.number
        sources[.lists] = parts.lists.number
        return sources
    }

    private var timedParts: [any TimedPart] { service.timedParts + [files, shield, watchdog] }

    /// How long nothing has to be done unless something happens, in milliseconds.
    func patience() -> Int32 {
        let instants = [succession.deadline, control?.nextDeadline, service.parts.statusPage.nextDeadline, leaveUntil]
        let due = instants.compactMap { $0.map { DueTime.instant($0) } } + (timedParts + [service.problems]).compactMap(\.next)
        let now = now
        return due.map { $0.milliseconds(from: now) }.min().map { Int32(clamping: $0) } ?? -1
    }

    /// Does what is due, and what these sources have asked for; never waits.
    mutating func turn(_ ready: Set<PollSource>) -> Turn {
        if ready.contains(.files) { files.ring(at: now) }
        if ready.contains(.denials) { service.parts.denials.ring(at: now) }
        if ready.contains(.flood) { shield.ring() }
        if ready.contains(.notices) { service.parts.notifiers.ring() }
        if ready.contains(.lists) { service.parts.lists.ring() }
        if ready.contains(.orders) {
            service.parts.orders.ring()
            // It may have put another certificate where one is read.
            files.ring(at: now)
        }
        for part in timedParts { part.pass(at: now) }
        if let heir = succession.follow(isReadable: ready.contains(.successor), at: now) { return .drains(handedOverTo: heir) }
        answerClients(areReadable: ready.contains(.control))
        if ready.contains(.firstUses) { service.parts.grants.recordFirstUses(at: now.wallTime) }
        service.parts.statusPage.turn(service, by: service.parts.clock)
        if let end = followSignals() { return end }
        if let leaveUntil, leaveUntil <= now.instant { return .drains(handedOverTo: nil) }
        succession.tellPredecessor()
        files.follow()
        service.problems.pass(at: now)
        return .goesOn
    }

    private func answerClients(areReadable: Bool) {
        guard let control, areReadable || control.nextDeadline.map({ $0 <= now.instant }) ?? false else { return }
        control.turn(service, by: service.parts.clock)
    }

    // MARK: Signals

    /// What comes of those that have come; nil when it goes on.
    private mutating func followSignals() -> Turn? {
        while let signal = signals.next() {
            switch signal {
            case .reopenLog: service.configuration.reopenLog(at: now.wallTime)
            case .hangUp: reload()
            case .upgrade: succession.begin(at: now)
            case .terminate, .interrupt, .quit:
                if leaveUntil != nil { return .stops }
                if !beginLeaving() { return .drains(handedOverTo: nil) }
            }
        }
        return nil
    }

    private func reload() {
        if case .kept(let lines) = service.reload(askedBy: "SIGHUP", at: now.wallTime) {
            for line in lines { Console.report(line) }
            Console.complain("the configuration was not changed")
        }
    }

    /// False where the settings want none of it.
    private mutating func beginLeaving() -> Bool {
        let milliseconds = service.leave()
        guard milliseconds > 0 else { return false }
        // What the manager hears of from now on is this end.
        succession.abandon()
        leaveUntil = now.instant.advanced(byMilliseconds: milliseconds)
        service.parts.notification.leaving()
        return true
    }

    // MARK: The end

    /// Waits until the workers have ended; returns the exit status.
    func drain(handedOverTo heir: Successor?) -> Int32 {
        let parts = service.parts
        succession.abandon()
        // What the manager hears of from now on is the successor.
        if heir == nil { parts.notification.stopping() } else { parts.statusPage.stop() }
        // Workers that have ended can't be asked.
        parts.sources.record()
        parts.traffic.look(at: now)
        parts.history.end(at: now.instant)
        parts.orders.stop()
        parts.plane.beginDrain(isHandedOver: heir != nil)
        // Now as well as at the end: who finds the drain too long kills us.
        parts.denials.record(at: now.wallTime)
        parts.requests.record(at: now.wallTime)
        // It has read the configuration after us.
        if heir != nil { service.configuration.followAllowList(at: now.wallTime) }
        var turns = 0
        while !parts.plane.wait(milliseconds: Self.drainTurnMilliseconds) {
            if let heir {
                // What it revokes ends here too.
                if heir.hasNews() { service.configuration.followAllowList(at: now.wallTime) }
                if turns % Self.followTurns == 0 {
                    let (isShut, isAnotherList) = (parts.lockdown.follow(at: now), parts.lists.followStore())
                    if isShut || isAnotherList { parts.grants.adopt(at: now.wallTime) }
                    parts.grants.endEntries(at: now.wallTime, isFollowed: true)
                }
            } else {
                parts.grants.endEntries(at: now.wallTime)
            }
            turns += 1
            parts.statusPage.turn(service, by: parts.clock)
            while let signal = signals.next() {
                switch signal {
                case .terminate, .interrupt, .quit: return stop()
                case .reopenLog: service.configuration.reopenLog(at: now.wallTime)
                case .hangUp, .upgrade: break
                }
            }
        }
        parts.denials.record(at: now.wallTime, isLast: true)
        parts.requests.record(at: now.wallTime, isLast: true)
        parts.traffic.look(at: now, isLast: true)
        return 0
    }

    private func stop() -> Int32 {
        service.parts.plane.stop()
        var turns = 0
        while !service.parts.plane.wait(milliseconds: Self.drainTurnMilliseconds), turns < Self.stopTurnsMax { turns += 1 }
        service.parts.denials.record(at: now.wallTime, isLast: true)
        service.parts.requests.record(at: now.wallTime, isLast: true)
        service.parts.traffic.look(at: now, isLast: true)
        return ExitStatus.failure
    }
}
