internal import Synchronization

/// Asks the system what a name stands for, on a thread of its own: `getaddrinfo` blocks, for seconds when a name server is gone.
///
/// Every 60 s, and after a connect failure (at most once a second). Exists only for an upstream that is configured by name.
final class Resolver: Sendable {
    private static let intervalMilliseconds: Int32 = 60_000
    private static let pauseMilliseconds: Int32 = 1_000

    private let alarm: Alarm

    /// Returns at once; `first` is told of the first answer, whatever it is.
    ///
    /// - Parameter resolve: asks the system.
    init(
        host: String, port: UInt16, first: Latch? = nil,
        resolve: @escaping @Sendable (_ host: String, _ port: UInt16) -> [SocketAddress] = System.resolve,
        update: @escaping @Sendable ([SocketAddress]) -> Void
    ) throws(SystemError) {
        let alarm = Alarm(bell: try Bell())
        self.alarm = alarm
        let thread = try Thread(name: "resolver") {
            update(resolve(host, port))
            first?.finish()
            while alarm.wait(milliseconds: Self.intervalMilliseconds) {
                update(resolve(host, port))
                guard alarm.pause(milliseconds: Self.pauseMilliseconds) else { return }
            }
        }
        thread.detach()
    }

    func refresh() {
        alarm.bell.ring()
    }

    /// The thread ends as soon as its current question is answered.
    func stop() {
        alarm.end()
    }
}

/// What the thread waits for, which holds it as long as it runs: rung to make it go on at once, ended to make it leave.
private final class Alarm: Sendable {
    let bell: Bell
    private let hasEnded = Atomic(false)

    init(bell: Bell) {
        self.bell = bell
    }

    func end() {
        hasEnded.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Until rung, at most so long. False when it is over.
    func wait(milliseconds: Int32) -> Bool {
        if bell.wait(milliseconds: milliseconds) { bell.silence() }
        return !hasEnded.load(ordering: .acquiring)
    }

    /// So long, rings or not (they are kept). False when it is over.
    func pause(milliseconds: Int32) -> Bool {
        System.sleep(milliseconds: milliseconds)
        return !hasEnded.load(ordering: .acquiring)
    }
}
