internal import Gatekeeper

/// Lists that change, as they are asked for.
extension Service {
    func lists() -> [ListReport] { parts.lists.show() }

    func acceptList(
        _ label: String, digest: String?, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> (report: ListReport, taken: ListReport.Proposal) {
        try parts.phase.checkMayChange()
        return try parts.lists.accept(label, digest: digest, by: requester, at: now)
    }
}
