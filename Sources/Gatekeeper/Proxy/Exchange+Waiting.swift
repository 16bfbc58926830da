/// Where an exchange waits, for how long, and whose fault it is when that is over.
extension Exchange {
    /// Until one of the sockets is ready, or a deadline says whose fault it is.
    func pause(_ push: Step, _ pull: Step, on upstream: Socket) async -> ExchangeFailure? {
        if push == .budgetSpent || pull == .budgetSpent {
            return await stream.yield() ? nil : .aborted
        }
        var downstreamInterest: Readiness = [.broken]
        var upstreamInterest: Readiness = []
        for case .blocked(let downstream, let upstream) in [push, pull] {
            downstreamInterest.formUnion(downstream)
            upstreamInterest.formUnion(upstream)
        }
        if !downstreamInterest.contains(.readable) {
            if stream.isGone { return .clientGone }
            downstreamInterest.insert(.peerClosed)
        }
        upstream.interest = upstreamInterest
        defer { unpark() }
        while true {
            let (deadline, blame) = deadline(push, pull)
            let wake = await wait(for: downstreamInterest, until: min(deadline, hold.nextLook))
            switch wake {
            case .aborted: return .aborted
            case .unreachable: return .clientUnreachable
            case .ready, .deadlineExceeded: break
            }
            let now = worker.loop.now
            if now >= hold.nextLook, !hold.look(at: upstream, isWaiting: !stream.hasBegun) { return .upstreamUnreachable }
            guard case .deadlineExceeded = wake else { return nil }
            if now >= deadline {
                unpark()
                return blame == nil ? sendContinue() : blame
            }
            // It was only looked whether somebody is there, which needs no memory.
            if hasNews(downstreamInterest, upstream) { return nil }
        }
    }

    /// What is waited for has come in the very turn in which the time was up, and so has woken nobody.
    private func hasNews(_ interest: Readiness, _ upstream: Socket) -> Bool {
        sender.hasSpoolNews || stream.isReady(for: interest) || !upstream.interest.isDisjoint(with: upstream.readiness)
    }

    /// A wait that lasts costs no more memory than what waits needs.
    func suspend(for interest: Readiness, until deadline: Instant) async -> ClientConnection.Wake {
        defer { unpark() }
        return await wait(for: interest, until: deadline)
    }

    /// Likewise, and leaves what waits where it is: `unpark` before anything moves.
    private func wait(for interest: Readiness, until deadline: Instant) async -> ClientConnection.Wake {
        let soon = worker.loop.now.advanced(byMilliseconds: Waiter.longMilliseconds)
        if !isParked, soon < deadline {
            let wake = await stream.wait(for: interest, until: soon)
            guard case .deadlineExceeded = wake, worker.loop.now >= soon else { return wake }
            // The spool may have rung in the very turn in which the time was up.
            if sender.hasSpoolNews { return .ready }
        }
        isParked = true
        park(true)
        return await stream.wait(for: interest, until: deadline)
    }

    private func unpark() {
        guard isParked else { return }
        isParked = false
        park(false)
    }

    private func park(_ isParked: Bool) {
        stream.park(isParked)
        sender.park(isParked)
        receiver.park(isParked)
    }

    /// The nearest deadline, and what it means when it passes; a nil blame is the wait for the upstream's 100.
    private func deadline(_ push: Step, _ pull: Step) -> (Instant, ExchangeFailure?) {
        let timeouts = session.snapshot.timeouts
        if stream.expectation == .waiting, !stream.hasBegun {
            let patience = hold.pool?.target.speaksHTTP10(now: worker.loop.now) == true ? 0 : timeouts.expectMilliseconds
            return (sender.progressed.advanced(byMilliseconds: patience), nil)
        }
        if case .blocked = push, let deadline = sender.spoolDeadline { return (deadline, .spoolFailed) }
        if case .blocked(let downstream, _) = pull, !downstream.isEmpty {
            return (stream.takingFloor.deadline(timeoutMilliseconds: timeouts.bodyMilliseconds), .clientTooSlow)
        }
        stream.excuseTaking()
        if case .blocked(let downstream, let upstream) = push, !(downstream.isEmpty && upstream.isEmpty) {
            if !downstream.isEmpty { return (stream.sendingFloor.deadline(timeoutMilliseconds: timeouts.bodyMilliseconds), .clientTooSlow) }
            stream.excuseSending()
            return (sender.progressed.advanced(byMilliseconds: timeouts.bodyMilliseconds), .upstreamStalled)
        }
        let since = max(sender.progressed, receiver.progressed)
        if stream.hasBegun { return (since.advanced(byMilliseconds: timeouts.streamMilliseconds), .upstreamPaused) }
        return (since.advanced(byMilliseconds: timeouts.responseMilliseconds), .upstreamTooSlow)
    }
}
