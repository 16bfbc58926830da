/// The requests of one worker that wait for a connection to one ticket system. In which order they are served, `ConnectionSlots` says.
final class ConnectionQueue {
    enum Grant {
        /// Dial: there is room for one more.
        case slot
        /// One that another request has done with.
        case connection(UpstreamConnection)
    }

    enum Outcome {
        case granted(Grant)
        /// As many wait as may.
        case full
        case timedOut
        /// The client has gone.
        case abandoned
        case aborted
    }

    private final class Ticket {
        let waiter: Waiter
        var grant: Grant?

        init(_ waiter: Waiter) {
            self.waiter = waiter
        }
    }

    private let slots: ConnectionSlots
    private let worker: Int
    private let loop: EventLoop
    private var tickets: [UInt64: Ticket] = [:]

    init(_ slots: ConnectionSlots, worker: Int, loop: EventLoop) {
        self.slots = slots
        self.worker = worker
        self.loop = loop
    }

    /// Suspends `waiter` until there is a connection for it, or room for one.
    ///
    /// - Parameters:
    ///   - isAbandoned: asked when something else has woken it.
    ///   - whenLong: called once if it takes long, for what isn't worth doing in a short wait.
    func wait(
        for source: PeerAddress, _ waiter: Waiter, until deadline: Instant, isAbandoned: () -> Bool, whenLong: () -> Void = {}
    ) async -> Outcome {
        // An end that has been reported already wakes nobody.
        if isAbandoned() { return .abandoned }
        guard let number = slots.enqueue(source, worker: worker, now: loop.now) else { return .full }
        let ticket = Ticket(waiter)
        tickets[number] = ticket
        defer { tickets[number] = nil }
        var long = loop.now.advanced(byMilliseconds: Waiter.longMilliseconds)
        while true {
            let wake = await waiter.wait(until: min(deadline, long))
            if let grant = ticket.grant { return .granted(grant) }
            if loop.now >= long {
                long = .distantFuture
                whenLong()
            }
            let outcome: Outcome? =
                switch wake {
                case .ready: isAbandoned() ? .abandoned : nil
                case .deadlineExceeded: loop.now >= deadline ? .timedOut : nil
                case .aborted: .aborted
                }
            guard let outcome else { continue }
            return slots.leave(number, of: source, worker: worker) ? outcome : .granted(.slot)
        }
    }

    /// Wakes those who have been given a slot.
    func deliver() {
        for number in slots.takeGranted(worker: worker) { grant(.slot, to: number) }
    }

    func grant(_ grant: Grant, to number: UInt64) {
        guard let ticket = tickets[number] else { return }
        ticket.grant = grant
        ticket.waiter.wake()
    }
}
