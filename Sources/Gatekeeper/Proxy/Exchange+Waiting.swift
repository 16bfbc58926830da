/// Where an exchange waits, for how long, and whose fault it is when that is over.
extension Exchange {
    /// Until one of the sockets is ready, or a deadline says whose fault it is.
    func pause(_ push: Step, _ pull: Step, on upstream: Socket) async -> ExchangeFailure? {
        if push == .budgetSpent || pull == .budgetSpent {
            await connection.waiter.yield()
            return connection.waiter.isAborted ? .aborted : nil
        }
        var downstreamInterest: Readiness = [.broken]
        var upstreamInterest: Readiness = []
        for case .blocked(let downstream, let upstream) in [push, pull] {
            downstreamInterest.formUnion(downstream)
            upstreamInterest.formUnion(upstream)
        }
        if !downstreamInterest.contains(.readable) {
            if connection.isGone { return .clientGone }
            downstreamInterest.insert(.peerClosed)
        }
        upstream.interest = upstreamInterest
        let (deadline, blame) = deadline(push, pull)
        let wake = await suspend(for: downstreamInterest, until: min(deadline, hold.nextLook))
        switch wake {
        case .aborted: return .aborted
        case .unreachable: return .clientUnreachable
        case .ready, .deadlineExceeded: break
        }
        let now = worker.loop.now
        if now >= hold.nextLook, !hold.look(at: upstream, isWaiting: !receiver.hasBegun) { return .upstreamUnreachable }
        guard case .deadlineExceeded = wake, now >= deadline else { return nil }
        return blame == nil ? sendContinue() : blame
    }

    /// A wait that lasts costs no more memory than what waits needs.
    func suspend(for interest: Readiness, until deadline: Instant) async -> ClientConnection.Wake {
        let soon = worker.loop.now.advanced(byMilliseconds: ClientConnection.parkMilliseconds)
        if soon < deadline {
            let wake = await connection.suspendDelivering(for: interest, until: soon)
            guard case .deadlineExceeded = wake, worker.loop.now >= soon else { return wake }
            // The spool may have rung in the very turn in which the time was up.
            if sender.hasSpoolNews { return .ready }
        }
        park(true)
        defer { park(false) }
        return await connection.suspendDelivering(for: interest, until: deadline)
    }

    private func park(_ isParked: Bool) {
        connection.park(isParked)
        sender.park(isParked)
        receiver.park(isParked)
    }

    /// The nearest deadline, and what it means when it passes; a nil blame is the wait for the upstream's 100.
    private func deadline(_ push: Step, _ pull: Step) -> (Instant, ExchangeFailure?) {
        let timeouts = session.snapshot.timeouts
        if session.expectation == .waiting, !receiver.hasBegun {
            let patience = hold.pool?.target.speaksHTTP10(now: worker.loop.now) == true ? 0 : timeouts.expectMilliseconds
            return (sender.progressed.advanced(byMilliseconds: patience), nil)
        }
        if case .blocked = push, let deadline = sender.spoolDeadline { return (deadline, .spoolFailed) }
        if case .blocked(let downstream, _) = pull, !downstream.isEmpty {
            return (receiver.rateFloor.deadline(timeoutMilliseconds: timeouts.bodyMilliseconds), .clientTooSlow)
        }
        receiver.excuseClient()
        if case .blocked(let downstream, let upstream) = push, !(downstream.isEmpty && upstream.isEmpty) {
            if !downstream.isEmpty { return (sender.rateFloor.deadline(timeoutMilliseconds: timeouts.bodyMilliseconds), .clientTooSlow) }
            sender.excuseClient()
            return (sender.progressed.advanced(byMilliseconds: timeouts.bodyMilliseconds), .upstreamStalled)
        }
        let since = max(sender.progressed, receiver.progressed)
        if receiver.hasBegun { return (since.advanced(byMilliseconds: timeouts.streamMilliseconds), .upstreamPaused) }
        return (since.advanced(byMilliseconds: timeouts.responseMilliseconds), .upstreamTooSlow)
    }
}
