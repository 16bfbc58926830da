/// The requests of one worker that wait for a connection to one ticket system, first come first served.
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
    private let loop: EventLoop
    private var tickets: [Ticket] = []

    init(_ slots: ConnectionSlots, loop: EventLoop) {
        self.slots = slots
        self.loop = loop
    }

    var isEmpty: Bool { tickets.isEmpty }

    /// Suspends `waiter` until there is a connection for it, or room for one.
    ///
    /// - Parameter isAbandoned: asked when something else has woken it.
    func wait(_ waiter: Waiter, until deadline: Instant, isAbandoned: () -> Bool) async -> Outcome {
        // An end that has been reported already wakes nobody.
        if isAbandoned() { return .abandoned }
        guard slots.beginWaiting() else { return .full }
        defer { slots.endWaiting() }
        let ticket = Ticket(waiter)
        tickets.append(ticket)
        // A place may have come free before we were counted, and idle connections of other workers hold some.
        slots.ring()
        while true {
            let wake = await waiter.wait(until: deadline)
            if let grant = ticket.grant { return .granted(grant) }
            let outcome: Outcome? =
                switch wake {
                case .ready: isAbandoned() ? .abandoned : nil
                case .deadlineExceeded: loop.now >= deadline ? .timedOut : nil
                case .aborted: .aborted
                }
            guard let outcome else { continue }
            tickets.removeAll { $0 === ticket }
            return outcome
        }
    }

    /// Gives `grant` to whoever has waited longest; false when nobody waits.
    func serve(_ grant: Grant) -> Bool {
        guard !tickets.isEmpty else { return false }
        let ticket = tickets.removeFirst()
        ticket.grant = grant
        ticket.waiter.wake()
        return true
    }
}
