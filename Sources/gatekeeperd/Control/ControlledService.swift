internal import Gatekeeper

/// What can be commanded: the running service, as the control socket sees it.
///
/// Every method runs on the control thread, while a client waits; none may wait for a peer.
protocol ControlledService: AnyObject {
    func status(at now: WallTime) -> StatusReport
    func reload(by requester: Requester, at now: WallTime) -> ReloadReport
    /// Takes the configuration from `file` from now on. With `confirmWithinSeconds` the old one comes back by itself unless `confirm` is called.
    func apply(file: String, confirmWithinSeconds: Int?, by requester: Requester, at now: WallTime) throws(ControlFailure) -> ReloadReport
    /// Returns what is now kept.
    func confirm(by requester: Requester, at now: WallTime) throws(ControlFailure) -> ConfirmReport
    func grant(_ request: GrantRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> GrantOutcome
    /// Those that admit; with `all` the newest of those that don't, too.
    func grants(all: Bool, at now: WallTime) throws(ControlFailure) -> [Grant]
    /// The grant, ended; whether the ledger has it is in `recorded`.
    func revoke(_ address: AddressPrefix, by requester: Requester, at now: WallTime) throws(ControlFailure) -> RevokeReport
    /// Lists that change; what is proposed has been shown then.
    func lists() -> [ListReport]
    /// Admits what is proposed for a label; returns the list, and what was taken.
    func acceptList(
        _ label: String, digest: String?, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> (report: ListReport, taken: ListReport.Proposal)
    /// Shuts out everybody but entries of these names, for a while or until it is ended.
    func lockdown(keep: [String], seconds: Int?, by requester: Requester, at now: WallTime) throws(ControlFailure) -> LockdownReport
    func endLockdown(by requester: Requester, at now: WallTime) throws(ControlFailure) -> LockdownReport
    /// Sends a test to everybody who is told of problems; `notifiers` says what came of it.
    func testNotifiers(at now: WallTime) -> [NotifierState]
    func notifiers() -> [NotifierState]
    func certificates(at now: WallTime) -> OrderReport
    /// Begins to order those of this name, or all.
    func renewCertificates(_ name: String?, isUndue: Bool, by requester: Requester, at now: WallTime) throws(ControlFailure) -> OrderReport
    func tryOrders(_ name: String?, at now: WallTime) throws(ControlFailure) -> OrderReport
    /// Opens a window for the validation of a name that is served; every worker knows then.
    func openChallenge(_ request: ChallengeRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> OpenedChallenge
    func closeChallenge(_ name: String, by requester: Requester) throws(ControlFailure) -> OpenedChallenge
    /// Who was turned away, up to now.
    func denials(_ query: DenialQuery, at now: WallTime) throws(ControlFailure) -> DenialReport
    /// Which requests each label makes, up to now.
    func learned(_ query: LearnedQuery, at now: WallTime) throws(ControlFailure) -> LearnedReport
    /// What a while has brought, up to now.
    func digest(_ query: DigestQuery, at now: WallTime) throws(ControlFailure) -> DigestReport
}
