internal import Synchronization

/// The filters on the listening sockets, and when there are any.
///
/// ```
///   worker: one denial too many ─▶ FloodGauge ─▶ control thread: turnShield ─▶ raise: another snapshot, with filters ─▶ every worker
///                                                      ▲    │
///                                                      └────┘ up: what have the workers' sockets dropped? ─▶ lower
/// ```
///
/// Filters are made here, off the workers' threads, and put in place by the worker whose socket it is.
extension Server {
    /// Readable when it is time for `turnShield`.
    package var floodDescriptor: Int32 { gauge.number }

    /// Counts what the kernel has dropped, and raises or lowers the shield if it is time.
    ///
    /// - Returns: when to do so again; nil when `floodDescriptor` tells.
    package func turnShield() -> Instant? {
        current.withLock { current in
            guard !current.shield.isLent, !hasBegunDrain.load(ordering: .relaxed) else {
                gauge.setAlarm(at: nil)
                return nil
            }
            if !current.snapshot.filters.isEmpty {
                onEveryWorker(withinMilliseconds: Self.countPatienceMilliseconds) { worker, _ in await worker.countDrops() }
            }
            let now = System.now()
            let windowChange = turnWindow(&current, at: now)
            switch current.shield.turn(at: now, gauge.counts) {
            case .raise(let perSecond): raiseShield(&current, perSecond: perSecond, at: now)
            case .lower(let dropped): lowerShield(&current, dropped: dropped)
            case nil: break
            }
            gauge.setAlarm(at: current.shield.shield?.alarm)
            let isAlways = current.settings.onDeny == .drop
            if isAlways, current.snapshot.filters.isEmpty { retryFilters(&current) }
            let look = isAlways ? now.advanced(byMilliseconds: Self.countMilliseconds) : current.shield.shield?.deadline
            return [look, windowChange].compactMap(\.self).min()
        }
    }

    /// Leaves the listening sockets' filters as they are while another process begins to accept on them, or (false) puts ours in place again.
    package func lendListeners(_ isLent: Bool) {
        current.withLock { current in
            current.shield.isLent = isLent
            onEveryWorker { worker, _ in await worker.lendSockets(isLent) }
            guard !isLent else { return }
            let snapshot = Snapshot(current.snapshot, filters: filters(for: current))
            current.snapshot = snapshot
            onEveryWorker { worker, _ in
                await worker.adopt(snapshot, opening: [], closing: [])
                await worker.restoreFilters()
            }
        }
        gauge.ring()
    }

    /// Why the shield, which the settings ask for, couldn't be raised; nil if it could.
    package var shieldObstacle: ServerError? {
        current.withLock { shieldStatus($0).obstacle }
    }

    private func raiseShield(_ current: inout Current, perSecond: UInt64, at now: Instant) {
        do throws(SystemError) {
            let filters = try ListenerFilters.make(current.settings)
            adopt(isLifted(current) ? [:] : filters, in: &current)
            journal.event(
                "shield", stage: .admission, [JournalField("state", "up"), JournalField("denied_per_second", perSecond)])
        } catch {
            current.shield.fail(because: error, at: now, gauge.counts)
            journal.event(
                "shield", stage: .admission,
                [
                    JournalField("state", error.isLackOfPrivilege ? "unavailable" : "failed"), JournalField("denied_per_second", perSecond),
                    JournalField("error", error.description),
                ])
        }
    }

    /// Making them failed before, for want of a descriptor or of memory.
    private func retryFilters(_ current: inout Current) {
        let filters = filters(for: current)
        if !filters.isEmpty { adopt(filters, in: &current) }
    }

    private func lowerShield(_ current: inout Current, dropped: UInt64) {
        adopt([:], in: &current)
        reportLowered(dropped: dropped)
    }

    private func reportLowered(dropped: UInt64) {
        journal.event("shield", stage: .admission, [JournalField("state", "down"), JournalField("dropped", dropped)])
    }

    /// Whether an authority may come from anywhere now, so that no filter may be in its way.
    func isLifted(_ current: Current) -> Bool { current.snapshot.window?.isOpen(at: System.now()) ?? false }

    /// False when not every worker has taken them in time.
    @discardableResult
    func adopt(_ filters: [SocketAddress: SocketFilter], in current: inout Current) -> Bool {
        let snapshot = Snapshot(current.snapshot, filters: filters)
        current.snapshot = snapshot
        return onEveryWorker { worker, _ in await worker.adopt(snapshot, opening: [], closing: []) }
    }

    // MARK: Other settings

    /// The filters that belong to the settings and the shield as they are now. Whatever goes wrong, nobody who is listed is kept out.
    func filters(for current: Current) -> [SocketAddress: SocketFilter] {
        // Entries that have ended meanwhile stay in them, which does no harm; new ones aren't made.
        if current.shield.isLent { return current.snapshot.filters }
        guard current.settings.onDeny == .drop || current.shield.isUp, !isLifted(current) else { return [:] }
        do throws(SystemError) {
            return try ListenerFilters.make(current.settings)
        } catch {
            journal.event("shield", stage: .admission, [JournalField("state", "failed"), JournalField("error", error.description)])
            return [:]
        }
    }

    /// The shield follows settings that have just come into force.
    func follow(_ settings: Settings, with shield: inout ShieldState) {
        let counts = gauge.counts
        let dropped = shield.isUp ? shield.shield?.dropped(counts) : nil
        if shield.follow(settings, at: System.now(), counts), let dropped { reportLowered(dropped: dropped) }
        gauge.ring()
    }

    static func makeFilters(_ settings: Settings) throws(ServerError) -> [SocketAddress: SocketFilter] {
        do throws(SystemError) {
            return try ListenerFilters.make(settings)
        } catch {
            throw ServerError(filter: error, for: settings.onDeny == .drop ? "on_deny: drop" : "shield")
        }
    }

    /// Asked at the start: what the process may do doesn't change.
    static func filterObstacle() -> SystemError? {
        do throws(SystemError) {
            try System.probe(.open)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Status

    func shieldStatus(_ current: Current) -> ServerStatus.Shield {
        let obstacle = (current.shield.obstacle ?? filterObstacle).map { ServerError(filter: $0) }
        let state: ServerStatus.Shield.State =
            if isLifted(current), current.settings.onDeny == .drop || current.shield.isUp {
                .lifted
            } else if current.settings.onDeny == .drop { .always } else if current.settings.shield == nil { .off } else if obstacle != nil {
                .unavailable
            } else { current.shield.isUp ? .up : .down }
        return ServerStatus.Shield(
            state: state, sinceMilliseconds: state == .up || state == .down ? current.shield.sinceMilliseconds : nil,
            dropped: gauge.counts.dropped, isCoarse: current.snapshot.filters.values.contains(where: \.isCoarse),
            obstacle: state == .unavailable ? obstacle : nil)
    }

    /// Between two looks at what the kernel has dropped, where strangers always are.
    private static let countMilliseconds = 10_000
    /// A worker that takes longer is stuck; the control thread has other work.
    private static let countPatienceMilliseconds: Int32 = 200
}
