internal import Synchronization

/// What is shown to authorities while they make sure of our names, and how it comes and goes.
extension Server {
    /// Shows these from the moment this returns, in place of those before; none shuts the window. Every worker knows by then.
    ///
    /// What ends before is taken back by itself. `on_deny: drop` and a shield let everybody through to the workers while a handshake is pending.
    ///
    /// - Parameter http: where pages are served (port 80 mostly); bound only while one of `challenges` is a page.
    /// - Throws: when a challenge can't be made, its port is another's, or a worker doesn't answer; all but the last leave what was.
    package func present(_ challenges: [PendingChallenge], http: SocketAddress?) throws(ServerError) {
        guard challenges.isEmpty || !isDraining else { throw ServerError(settings: "the service is about to stop") }
        // Whoever looks after its end has to know of it, whatever becomes of this.
        defer { gauge.ring() }
        try current.withLock { (current) throws(ServerError) in
            guard challenges.isEmpty || !current.shield.isLent || current.snapshot.filters.isEmpty else {
                throw ServerError(settings: "another process is just taking over, and the kernel's filter is its; try again in a moment")
            }
            let window = challenges.isEmpty ? nil : try makeWindow(challenges)
            let before = current.snapshot.window
            let isWhole = try show(window, pagesOn: http, in: &current)
            guard isWhole || window == nil else {
                _ = try? show(before, pagesOn: current.pages?.wanted, in: &current)
                throw ServerError(settings: "not every worker has taken up the challenge; the log says why, try again")
            }
        }
    }

    /// Visitors by outcome since the start, and TLS sessions made for peers that aren't listed.
    package var challengeCounts: ChallengeCounts { visits.counts }

    /// What the listener for pages is bound to; nil while there is none.
    package var pageAddress: SocketAddress? { current.withLock { $0.pages?.bound } }

    private func makeWindow(_ challenges: [PendingChallenge]) throws(ServerError) -> ChallengeWindow {
        do throws(TLSSetupError) {
            return try ChallengeWindow(challenges, visits: visits, libraries: libraries)
        } catch {
            throw ServerError(settings: error.description)
        }
    }

    /// False when not every worker has taken it up in time.
    private func show(_ window: ChallengeWindow?, pagesOn http: SocketAddress?, in current: inout Current) throws(ServerError) -> Bool {
        let wanted = window?.hasPages == true ? http : nil
        guard wanted != nil || window?.hasPages != true else { throw ServerError(settings: "no address is set to show pages on") }
        let isOther = wanted != current.pages?.wanted
        var descriptor: Int32?
        if isOther {
            current.pages = try wanted.map { (wanted) throws(ServerError) in
                let listener = try PlainListener(on: wanted, isShared: false)
                let pages = (wanted: wanted, bound: listener.address)
                descriptor = listener.release()
                return pages
            }
        }
        current.snapshot = Snapshot(current.snapshot, filters: current.snapshot.filters, window: window)
        let isWhole = adopt(filters(for: current), in: &current)
        guard isOther else { return isWhole }
        return showPages(on: descriptor) && isWhole
    }

    /// One worker does it for all; false where it can't, or not in time.
    private func showPages(on descriptor: Int32?) -> Bool {
        let areShown = Atomic(true)
        let isWhole = onEveryWorker { worker, index in
            if index == 0 { areShown.store(await worker.showPages(on: descriptor), ordering: .relaxed) }
        }
        return isWhole && areShown.load(ordering: .relaxed)
    }

    /// Takes back what has ended.
    ///
    /// - Returns: when the next of it ends.
    func turnWindow(_ current: inout Current, at now: Instant) -> Instant? {
        guard let window = current.snapshot.window else { return nil }
        if now >= window.end {
            // Without a window nothing can fail.
            _ = try? show(nil, pagesOn: nil, in: &current)
            return nil
        }
        if window.isOpen(at: now) { return window.handshakesEnd }
        let filters = filters(for: current)
        if filters.isEmpty != current.snapshot.filters.isEmpty { adopt(filters, in: &current) }
        return window.end
    }
}
