/// Who is to be told instead of a task while there is none.
protocol WakeTarget: AnyObject {
    func awake()
}

/// Where one task suspends: at most one suspension at a time, ended by the first of readiness, deadline or abort.
///
/// A task that talks to two sockets points both at its waiter, so "whichever comes first" needs no second task. A wake without cause
/// is allowed; whoever waits looks again at what it waited for.
@safe final class Waiter: TimerEntry {
    enum Wake {
        case ready
        case deadlineExceeded
        /// The worker ends this connection now: the address left the list, or the drain deadline has passed.
        case aborted
    }

    /// From when on a wait is long: memory costs more to move, or to give up, than to hold for less.
    static let longMilliseconds = 100

    private let loop: EventLoop
    private var continuation: UnsafeContinuation<Wake, Never>?
    private var wakeTarget: (any WakeTarget)?
    private(set) var deadline: Instant = .distantFuture
    var position: TimerPosition?
    /// Sticky: every wait from now on returns `.aborted` at once.
    private(set) var isAborted = false

    init(on loop: EventLoop) {
        unsafe continuation = nil
        self.loop = loop
    }

    /// Suspends until `wake`, until `deadline`, or until `abort`.
    func wait(until deadline: Instant) async -> Wake {
        if isAborted { return .aborted }
        self.deadline = deadline
        if deadline != .distantFuture { loop.schedule(self) }
        return await unsafe withUnsafeContinuation { unsafe continuation = $0 }
    }

    /// Lets other work of this worker run, then goes on: for a task that always finds something to do.
    func yield() async {
        loop.wakeLater(self)
        _ = await unsafe withUnsafeContinuation { unsafe continuation = $0 }
    }

    func wake() {
        resume(.ready)
    }

    func abort() {
        isAborted = true
        resume(.aborted)
    }

    /// Called by the event loop when the deadline has passed; the task may not be waiting at all.
    func deadlineReached() {
        resume(.deadlineExceeded)
    }

    /// No task waits any more: from now on whatever would wake one tells `wakeTarget`, once.
    func rest(_ wakeTarget: any WakeTarget) {
        self.wakeTarget = wakeTarget
        if isAborted { resume(.aborted) }
    }

    /// Sets the deadline of a rest.
    func expect(_ deadline: Instant) {
        self.deadline = deadline
        loop.schedule(self)
    }

    /// The connection is over; the wheel lets go.
    func end() {
        loop.cancel(self)
    }

    private func resume(_ wake: Wake) {
        // SAFETY: taken before it is resumed, so it is resumed exactly once; only this worker's thread comes here.
        guard let waiting = unsafe continuation else {
            guard let wakeTarget else { return }
            self.wakeTarget = nil
            return wakeTarget.awake()
        }
        unsafe continuation = nil
        unsafe waiting.resume(returning: wake)
    }
}
