internal import Gatekeeper
internal import Glibc

/// The control thread's life: start the server, tell whoever waits for it, then follow signals, files and a successor until the last worker
/// has ended.
///
/// ```
///   start ─▶ serving ──TERM, INT, successor serves──▶ draining ──workers ended──▶ exit 0
///             │  ▲                                       └──TERM, INT again──▶ stopped at once, exit 1
///             └──┘ HUP, files replaced: another configuration, or the old one
/// ```
///
/// Nothing here is on the data path; the thread sleeps in `poll` while the workers serve.
struct ServiceLoop: ~Copyable {
    private let service: Service
    private let signals: SignalDescriptor
    private let notification: ServiceNotification
    private let program: String?
    private var watch: FileWatch?
    /// When to look at the watched files; nil while no event has come. On the monotonic clock, as all here.
    private var lookAtMilliseconds: Int64?
    private var successor: Successor?
    private var aliveAtMilliseconds: Int64?

    /// How soon a second signal is seen while the workers end: a wait for workers and one for signals can't be one wait.
    private static let drainTurnMilliseconds = 50
    /// Workers end within a turn of their loop once told; one that doesn't is broken and must not keep the process.
    private static let stopTurnsMax = 100
    /// A renewal writes certificate and key, one after the other.
    private static let settleMilliseconds: Int64 = 500

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
            return ExitStatus.misuse
        }
        do {
            let inherited = try InheritedSockets(process: getpid())
            let server = try Server(
                settings: reading.configuration.settings, journalDescriptor: log.number, inherited: inherited.listeners)
            let notification = ServiceNotification()
            let service = Service(reading, from: source, server: server, log: log, notification: notification)
            whenReady(server.addresses)
            var loop = ServiceLoop(service, signals: signals, notification: notification, program: program)
            inherited.sayReady()
            return loop.serve()
        } catch {
            Console.complain(advice(on: error).map { "\(error); \($0)" } ?? "\(error)")
            return error.cause == .settings ? ExitStatus.misuse : ExitStatus.failure
        }
    }

    /// What to do about the usual reasons.
    private static func advice(on error: ServerError) -> String? {
        switch error.cause {
        case .system(EADDRINUSE): "another program listens there already (`ss -ltnp` shows which)"
        case .system(EACCES): "ports below 1024 need CAP_NET_BIND_SERVICE"
        case .system(EADDRNOTAVAIL): "this machine has no such address (`ip address` shows which it has)"
        case .system(EAFNOSUPPORT): "IPv6 is switched off on this machine"
        case .system(EMFILE), .system(ENFILE): "raise the limit on open files (LimitNOFILE= in the unit)"
        case .system, .settings: nil
        }
    }

    private init(_ service: Service, signals: consuming SignalDescriptor, notification: ServiceNotification, program: String?) {
        self.service = service
        self.signals = signals
        self.notification = notification
        self.program = program
        do throws(SystemError) {
            watch = try FileWatch()
            watch?.watch(service.current.configuration.watchedPaths)
        } catch {
            Console.complain("cannot \(error); a renewed certificate takes a reload")
        }
    }

    // MARK: Serving

    private mutating func serve() -> Int32 {
        notification.ready(status: service.statusLine)
        aliveAtMilliseconds = notification.watchdogMilliseconds.map { _ in Clock.monotonicMilliseconds }
        while true {
            let ready = Poll.wait(for: [signals.number, watch?.number, successor?.number], milliseconds: patience())
            if ready[1] { noteEvents() }
            lookAtFiles()
            if followSuccessor(isReadable: ready[2]) { return drain(isHandedOver: true) }
            sayAlive()
            while let signal = signals.next() {
                if isEnd(signal) { return drain() }
                answer(signal)
            }
        }
    }

    /// How long nothing has to be done unless something happens.
    private func patience() -> Int32 {
        let next = [lookAtMilliseconds, successor?.deadlineMilliseconds, aliveAtMilliseconds].compactMap(\.self).min()
        return next.map { Int32(clamping: max(0, $0 - Clock.monotonicMilliseconds)) } ?? -1
    }

    /// A sign of life, if every worker has given one since the last.
    private mutating func sayAlive() {
        guard let due = aliveAtMilliseconds, due <= Clock.monotonicMilliseconds else { return }
        if service.server.isAlive() { notification.alive() }
        aliveAtMilliseconds = Clock.monotonicMilliseconds + Int64(notification.watchdogMilliseconds ?? 1_000)
    }

    // MARK: Files

    private mutating func noteEvents() {
        watch?.clear()
        // From the first event on, so that a file that changes all the time is read all the same.
        if lookAtMilliseconds == nil { lookAtMilliseconds = Clock.monotonicMilliseconds + Self.settleMilliseconds }
    }

    private mutating func lookAtFiles() {
        guard let due = lookAtMilliseconds, due <= Clock.monotonicMilliseconds else { return }
        lookAtMilliseconds = nil
        let changed = watch?.changed() ?? []
        // Links may lead elsewhere now, changed files or not.
        defer { watch?.watch(service.current.configuration.watchedPaths) }
        guard !changed.isEmpty else { return }
        if case .kept(let lines) = service.reloadFiles(changed) {
            for line in lines { Console.report(line) }
            Console.complain("files were replaced, but can't be used; what was loaded before stays")
        }
    }

    // MARK: A successor

    private mutating func beginSuccession() {
        if successor != nil { return Console.complain("SIGUSR2: a successor is on its way already") }
        guard let program else { return Console.complain("SIGUSR2: where this binary lies is not known") }
        do throws(SystemError) {
            successor = try Successor(program: program, arguments: CommandLine.arguments, sockets: service.server.listeners)
            service.server.event("succession", [JournalField("state", "begun")])
        } catch {
            Console.complain("SIGUSR2: cannot \(error)")
        }
    }

    /// True when it serves and we are to go.
    private mutating func followSuccessor(isReadable: Bool) -> Bool {
        guard let process = successor?.process, let outcome = successor?.outcome(isReadable: isReadable) else { return false }
        successor = nil
        switch outcome {
        case .serves:
            service.server.event("succession", [JournalField("state", "handed_over"), JournalField("process", process)])
            notification.replaced(by: process)
            return true
        case .failed(let reason):
            service.server.event("succession", [JournalField("state", "failed"), JournalField("error", reason)])
            Console.complain("the new binary did not take over: \(reason); this one goes on")
            return false
        }
    }

    // MARK: Signals

    private func isEnd(_ signal: SignalDescriptor.Signal) -> Bool {
        switch signal {
        case .terminate, .interrupt: true
        case .hangUp, .reopenLog, .upgrade: false
        }
    }

    /// What a signal other than the end asks for.
    private mutating func answer(_ signal: SignalDescriptor.Signal) {
        switch signal {
        case .reopenLog: service.reopenLog()
        case .hangUp: reload()
        case .upgrade: beginSuccession()
        case .terminate, .interrupt: break
        }
    }

    private mutating func reload() {
        if case .kept(let lines) = service.reload(askedBy: "SIGHUP") {
            for line in lines { Console.report(line) }
            Console.complain("the configuration was not changed")
        }
        watch?.watch(service.current.configuration.watchedPaths)
    }

    // MARK: The end

    private func drain(isHandedOver: Bool = false) -> Int32 {
        // What the manager hears of from now on is the successor.
        if !isHandedOver { notification.stopping() }
        service.server.beginDrain(isHandedOver: isHandedOver)
        while !service.server.wait(milliseconds: Self.drainTurnMilliseconds) {
            while let signal = signals.next() {
                if isEnd(signal) { return stop() }
                if signal == .reopenLog { service.reopenLog() }
            }
        }
        return 0
    }

    private func stop() -> Int32 {
        service.server.stop()
        var turns = 0
        while !service.server.wait(milliseconds: Self.drainTurnMilliseconds), turns < Self.stopTurnsMax { turns += 1 }
        return ExitStatus.failure
    }
}
