internal import Gatekeeper

/// What the status page's readers see.
extension Service: ObservedService {
    /// A worker's turn takes microseconds; one that takes so long is stuck.
    private static let patienceMilliseconds = 5_000

    var isLeaving: Bool { parts.phase.isLeaving }
    var isDraining: Bool { parts.plane.isDraining }
    var isResponsive: Bool { parts.plane.isResponsive(within: Self.patienceMilliseconds) }
    var hasUpstream: Bool { parts.plane.hasUpstream }

    func observe(at now: WallTime) -> Observation? {
        problems.judge(at: parts.clock.now())
        var status = parts.plane.status()
        guard status.isWhole else { return nil }
        let sourceCount = status.sources.count
        status.sources = Self.latest(status.sources)
        return Observation(
            report: report(status, at: now), sourceCount: sourceCount, verdicts: status.verdicts, linesDropped: status.linesDropped,
            isLastReloadFine: configuration.isLastReloadFine)
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

    func recentDenials(at now: WallTime) -> DenialReport? { parts.denials.recent(at: now) }

    func report(_ wrongTokens: WrongTokens.Summary) {
        parts.plane.event(
            "status_refused",
            [
                JournalField("reason", "wrong_token"), JournalField("peer", "\(wrongTokens.peer)"),
                JournalField("count", wrongTokens.count),
            ])
    }
}
