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
        let status = server.status()
        guard status.isWhole else { return nil }
        return Observation(
            report: report(status, at: now), verdicts: status.verdicts, linesDropped: status.linesDropped,
            isLastReloadFine: isLastReloadFine)
    }

    func recentDenials(at now: WallTime) -> DenialReport? {
        ledger?.recentDenials(at: now, top: Self.deniedSourcesMax, rowsMax: Self.denialRowsMax)
    }
}
