internal import Synchronization

/// What may need an admin's attention; nothing here waits for a worker.
extension Server {
    /// The ticket systems, as all workers have seen them.
    package var upstreams: [ServerStatus.Upstream] {
        current.withLock { $0.snapshot.upstream.targets.map(ServerStatus.Upstream.init) }
    }

    /// Why the log loses lines; nil while it doesn't.
    package var logTrouble: JournalTrouble? { journal.trouble }

    /// Sources of the list whose last requests have failed.
    package var answerRuns: [AnswerRuns.Run] { answers.runs }

    /// What the list that is in force has under an address, whether or not it has ended; nil for a stranger.
    package func label(of peer: PeerAddress) -> String? {
        current.withLock { current in
            let list = current.snapshot.admission.allowList
            guard let entry = list.listedEntry(for: peer, nowUnixSeconds: System.wallMilliseconds() / 1000) else { return nil }
            return list.entries[entry].label ?? "\(list.entries[entry].prefix)"
        }
    }
}

extension ServerStatus.Upstream {
    init(_ target: UpstreamTarget) {
        let failure = target.failure
        self.init(
            name: target.name, isUp: target.health.isUp, openConnections: target.slots.count,
            connectionsMax: target.slots.connectionsMax,
            downSinceMilliseconds: failure?.sinceMilliseconds,
            reason: failure.map { "\($0.reason)" })
        untransparent = target.untransparent.all(at: System.wallMilliseconds()).map { failed in
            ServerStatus.UntransparentClient(
                client: failed.client, outcome: DryRun.TransparencyOutcome(failed.failure), sinceMilliseconds: failed.sinceMilliseconds)
        }
    }
}
