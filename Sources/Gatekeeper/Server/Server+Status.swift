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

    /// Which requests were answered since the last call, while `Settings.Log.learns`. The last call also has what isn't settled.
    package func takeLearned(isLast: Bool) -> LearnedTake {
        journal.learned.take(isLast: isLast, wallMilliseconds: System.wallMilliseconds())
    }

    package func putBackLearned(_ take: LearnedTake) { journal.learned.putBack(take) }

    /// What was learned before this process.
    package func knowLearned(_ templates: [LearnedTemplate]) {
        journal.learned.know(templates, wallMilliseconds: System.wallMilliseconds())
    }

    /// The entry of the allow-list by which an address may in at present, or might but for a lockdown; nil for a stranger.
    package func allowEntry(for peer: PeerAddress, nowUnixSeconds: Int64) -> Settings.AllowEntry? {
        let allowList = current.withLock { $0.snapshot.admission.allowList }
        return allowList.listedEntry(for: peer, nowUnixSeconds: nowUnixSeconds).map { allowList.entries[$0] }
    }

    /// How connections and exchanges ended since the start; nil when not every worker has answered.
    package func verdicts() -> VerdictTally? {
        let total = Mutex(VerdictTally())
        let isWhole = onEveryWorker { worker, _ in
            let verdicts = await worker.verdicts()
            total.withLock { $0.add(verdicts) }
        }
        return isWhole ? total.withLock { $0 } : nil
    }

    /// What one worker has seen, or all.
    private struct Seen {
        var sources = SourceTally()
        var verdicts = VerdictTally()
        var answers: [AnswerTally]
        var upstreams: [AnswerTally]

        mutating func addAnswers(_ other: AnswerTallies, of cells: [AnswerRuns.CellIndex]) {
            for (index, cell) in cells.enumerated() { if let tally = other[cell] { answers[index].add(tally) } }
        }

        mutating func addUpstreams(_ other: [AnswerTally]) {
            for (index, tally) in other.enumerated() { upstreams[index].add(tally) }
        }
    }

    /// What the workers have seen, asked of each.
    public func status() -> ServerStatus {
        let (named, group) = (answers.sources, current.withLock { $0.snapshot.upstream })
        let cells = named.map(\.index)
        let none = AnswerTally()
        let total = Mutex(
            Seen(answers: named.map { _ in none }, upstreams: group.targets.map { _ in none }))
        let isWhole = onEveryWorker { worker, _ in
            await worker.countDrops()
            let (tally, verdicts) = (await worker.tally(), await worker.verdicts())
            let (answers, upstreams) = (await worker.answers(), await worker.answers(of: group))
            total.withLock { total in
                total.sources.add(tally)
                total.verdicts.add(verdicts)
                total.addAnswers(answers, of: cells)
                total.addUpstreams(upstreams)
            }
        }
        let seen = total.withLock { $0 }
        let tally = seen.sources
        let upstreams = zip(group.targets, seen.upstreams).map { target, answers in
            var upstream = ServerStatus.Upstream(target)
            upstream.answers = answers
            return upstream
        }
        return current.withLock { current in
            ServerStatus(
                listeners: current.listeners.addresses, absentListeners: current.listeners.absent, openConnections: sources.connections,
                admitted: tally.admitted, denied: tally.denied,
                requests: tally.requests, shield: shieldStatus(current),
                sources: current.settings.allow.map { (entry: $0, usage: tally.usage[$0.prefix]) },
                upstreams: upstreams, verdicts: seen.verdicts,
                linesDropped: journal.linesDropped, answers: zip(named, seen.answers).map { ($0.name, $1) },
                connectionsMax: current.settings.limits.connectionsMax,
                connectionsPerSourceMax: current.settings.limits.connectionsPerSourceMax, isWhole: isWhole)
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
