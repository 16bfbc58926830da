internal import Gatekeeper
internal import Glibc

/// The control thread's life: start the server, tell whoever waits for it, then follow signals until the last worker has ended.
///
/// ```
///   start ─▶ serving ──TERM, INT──▶ draining ──workers ended──▶ exit 0
///                                      └──TERM, INT again──▶ stopped at once, exit 1
/// ```
///
/// Nothing here is on the data path; the thread sleeps in `poll` while the workers serve.
struct ServiceLoop: ~Copyable {
    private let server: Server
    private let log: LogFile
    private let signals: SignalDescriptor
    private let notification: ServiceNotification

    /// How soon a second signal is seen while the workers end: a wait for workers and one for signals can't be one wait.
    private static let drainTurnMilliseconds = 50
    /// Workers end within a turn of their loop once told; one that doesn't is broken and must not keep the process.
    private static let stopTurnsMax = 100

    /// Runs the service with the calling thread as control thread; returns the exit status. `signals` was made before any thread.
    /// `whenReady` is called with the addresses once connections to them are accepted.
    static func run(
        _ configuration: Configuration, signals: consuming SignalDescriptor, whenReady: ([SocketAddress]) -> Void = { _ in }
    ) -> Int32 {
        DescriptorLimit.raise()
        let log: LogFile
        do {
            log = try LogFile(configuration.logDestination)
        } catch {
            Console.complain("cannot \(error)")
            return ExitStatus.misuse
        }
        do {
            let server = try Server(settings: configuration.settings, journalDescriptor: log.number)
            whenReady(server.addresses)
            return ServiceLoop(server: server, log: log, signals: signals).serve()
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

    private init(server: Server, log: consuming LogFile, signals: consuming SignalDescriptor) {
        self.server = server
        self.log = log
        self.signals = signals
        notification = ServiceNotification(socketPath: Environment.value(of: "NOTIFY_SOCKET"))
    }

    private func serve() -> Int32 {
        notification.ready(status: "serving on \(server.addresses.map(\.description).joined(separator: ", "))")
        while true {
            guard let signal = signals.next(timeoutMilliseconds: -1) else { continue }
            if isEnd(signal) { return drain() }
            answer(signal)
        }
    }

    private func drain() -> Int32 {
        notification.stopping()
        server.beginDrain()
        while !server.wait(milliseconds: Self.drainTurnMilliseconds) {
            while let signal = signals.next(timeoutMilliseconds: 0) {
                if isEnd(signal) { return stop() }
                answer(signal)
            }
        }
        return 0
    }

    private func stop() -> Int32 {
        server.stop()
        var turns = 0
        while !server.wait(milliseconds: Self.drainTurnMilliseconds), turns < Self.stopTurnsMax { turns += 1 }
        return ExitStatus.failure
    }

    private func isEnd(_ signal: SignalDescriptor.Signal) -> Bool {
        switch signal {
        case .terminate, .interrupt: true
        case .hangUp, .reopenLog, .upgrade: false
        }
    }

    /// What a signal other than the end asks for.
    private func answer(_ signal: SignalDescriptor.Signal) {
        switch signal {
        case .reopenLog:
            do {
                try log.reopen()
            } catch {
                Console.complain("cannot \(error); the old file stays")
            }
        case .hangUp: Console.complain("SIGHUP: reloading is not supported yet; restart to apply a changed configuration")
        case .upgrade: Console.complain("SIGUSR2: replacing the running binary is not supported yet")
        case .terminate, .interrupt: break
        }
    }
}
