/// Where a connection's task waits, and what it finds out meanwhile.
extension ClientConnection {
    /// The client has gone while it is owed an answer: behind a whole request a FIN says so, with close_notify before it or without, as a
    /// reset does. A client that has only said that it sends nothing more (close_notify) still reads, and gets its answer.
    var isGone: Bool { socket.peerClosed || socket.isBroken }

    /// Whether it went because the network lost it, and not of its own will.
    var isUnreachable: Bool {
        if System.isUnreachable(tls.systemError) { return true }
        return socket.isBroken && System.isUnreachable(System.pendingError(socket.descriptor))
    }

    // MARK: Waiting

    enum Wake {
        case ready
        case deadlineExceeded
        case aborted
        /// Nothing that was sent to the client arrives.
        case unreachable
    }

    /// As `suspend`, and looks meanwhile whether what was sent arrives.
    func suspendDelivering(for interest: Readiness, until deadline: Instant) async -> Wake {
        let timeout = unacknowledgedMilliseconds
        delivery.note(sentBytes: tls.sentBytes, now: loop.now)
        let look = delivery.deadline(timeoutMilliseconds: timeout)
        switch await suspend(for: interest, until: min(look, deadline)) {
        case .ready: return .ready
        case .aborted: return .aborted
        case .deadlineExceeded:
            let now = loop.now
            if now >= look {
                let state = System.transmission(of: socket.descriptor)
                if delivery.isUnreachable(state, timeoutMilliseconds: timeout, now: now) { return .unreachable }
            }
            // Also before the time, and where something else woke it: whoever waits looks at the time, and at what it waits for.
            return .deadlineExceeded
        }
    }

    /// Suspends until the client's socket is ready for one of these.
    func suspend(for interest: Readiness, until deadline: Instant) async -> Waiter.Wake {
        socket.interest = interest
        return await waiter.wait(until: deadline)
    }
}
