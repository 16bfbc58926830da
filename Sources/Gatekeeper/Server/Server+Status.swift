internal import Synchronization

/// What the server has seen, for whoever asks.
extension Server {
    /// Readable when there are firstUses to take.
    public var firstUseDescriptor: Int32 { firstUses.number }

    /// The addresses that have connected by an entry that `isAnnounced`, since the last call.
    public func takeFirstUses() -> Set<PeerAddress> { firstUses.take() }

    /// Readable when there are denials to take.
    package var denialDescriptor: Int32 { journal.denials.number }

    /// Who was denied since the last call: every denial of which the journal has heard, once.
    package func takeDenials() -> [DenialSummary] { journal.denials.take() }

    /// Has what was taken counted again, because there was no room for it.
    package func putBackDenials(_ records: [DenialSummary]) { journal.denials.putBack(records) }

    /// The entry of the allow-list by which an address may in at present; nil for a stranger.
    package func allowEntry(for peer: PeerAddress, nowUnixSeconds: Int64) -> Settings.AllowEntry? {
        let allowList = current.withLock { $0.snapshot.admission.allowList }
        return allowList.entry(for: peer, nowUnixSeconds: nowUnixSeconds).map { allowList.entries[$0] }
    }

    /// What the workers have seen, asked of each.
    public func status() -> ServerStatus {
        let total = Mutex((sources: SourceTally(), verdicts: VerdictTally()))
        let isWhole = onEveryWorker { worker, _ in
            await worker.countDrops()
            let (tally, verdicts) = (await worker.tally(), await worker.verdicts())
            total.withLock { total in
                total.sources.add(tally)
                total.verdicts.add(verdicts)
            }
        }
        let (tally, verdicts) = total.withLock { $0 }
        return current.withLock { current in
            ServerStatus(
                listeners: current.listeners.addresses, absentListeners: current.listeners.absent, openConnections: sources.connections,
                admitted: tally.admitted, denied: tally.denied,
                requests: tally.requests, shield: shieldStatus(current),
                sources: current.settings.allow.map { (entry: $0, usage: tally.usage[$0.prefix]) },
                upstreams: current.snapshot.upstream.targets.map(ServerStatus.Upstream.init), verdicts: verdicts,
                linesDropped: journal.linesDropped, isWhole: isWhole)
        }
    }

    /// Whether every worker has answered since the last call, which asked them; true at the first call.
    public func isAlive() -> Bool {
        watchdog.heartbeat(workers)
    }

    /// Whether no worker has kept a question waiting for longer than `milliseconds`. Doesn't wait, and asks no more often than it is answered;
    /// a watchdog's questions (`isAlive`) are others.
    package func isResponsive(within milliseconds: Int) -> Bool {
        liveness.isResponsive(workers, now: System.now(), within: milliseconds)
    }
}
