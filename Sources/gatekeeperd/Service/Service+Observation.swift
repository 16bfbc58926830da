internal import Gatekeeper

/// What the status page's readers see.
extension Service: ObservedService {
    /// A worker's turn takes microseconds; one that hasn't come round in this time is stuck.
    private static let patienceMilliseconds = 5_000
    /// The newest rows of the ledger that a page looks at: a flood leaves a hundred thousand a day, and everybody waits for the control thread.
    private static let denialRowsMax = 5_000
    private static let deniedSourcesMax = 20

    var isDraining: Bool { server.isDraining }
    var isResponsive: Bool { server.isResponsive(within: Self.patienceMilliseconds) }
    var hasUpstream: Bool { server.hasUpstream }

    func observe(at now: WallTime) -> Observation? {
        judgeProblems(at: now)
        var status = server.status()
        guard status.isWhole else { return nil }
        let sourceCount = status.sources.count
        status.sources = Self.latest(status.sources)
        return Observation(
            report: report(status, at: now), sourceCount: sourceCount, verdicts: status.verdicts, linesDropped: status.linesDropped,
            isLastReloadFine: isLastReloadFine)
    }

    /// Of a list that may have a million entries, those worth a line: who has come, the latest first, then the beginning of the list.
    private static func latest(
        _ sources: [(entry: Settings.AllowEntry, usage: SourceUsage?)]
    ) -> [(entry: Settings.AllowEntry, usage: SourceUsage?)] {
        guard sources.count > StatusReport.sourcesMax else { return sources }
        let seen = sources.filter { $0.usage != nil }.sorted { a, b in
            (a.usage?.lastSeenMilliseconds ?? 0) > (b.usage?.lastSeenMilliseconds ?? 0)
        }
        return Array((seen + sources.lazy.filter { $0.usage == nil }.prefix(StatusReport.sourcesMax)).prefix(StatusReport.sourcesMax))
    }

    /// Of listeners that may be without their address, and are.
    var absenceWarnings: [String] {
        guard current.configuration.settings.listeners.contains(where: \.isFree) else { return [] }
        return server.absentListeners.filter(\.isFree).map {
            "\($0.address): this machine has no such address now; it is served from the moment that it has (free_bind)"
        }
    }

    func recentDenials(at now: WallTime) -> DenialReport? {
        // No older than the counts beside it. A page is made once a second at most, however many read it.
        recordDenials(at: now)
        return ledger?.recentDenials(listing: listing(at: now), at: now, top: Self.deniedSourcesMax, rowsMax: Self.denialRowsMax)
    }

    func report(_ wrongTokens: WrongTokens.Summary) {
        server.event(
            "status_refused",
            [
                JournalField("reason", "wrong_token"), JournalField("peer", "\(wrongTokens.peer)"),
                JournalField("count", wrongTokens.count),
            ])
    }
}
