import Gatekeeper

@testable import gatekeeperd

/// A service that remembers what it was asked, and answers what the test wants.
final class FakeService: ControlledService {
    private(set) var log: [String] = []
    var report = StatusReport()
    var reloadReport = ReloadReport.applied(.init(generation: 2, changes: ["allow: 192.0.2.7 added"]))
    var failure: ControlFailure?
    var grantList: [Grant] = []
    /// Done before its state is told.
    var whenAsked: () -> Void = {}
    var denialReport = DenialReport(since: WallTime(milliseconds: 0))

    func status(at now: WallTime) -> StatusReport {
        log.append("status")
        whenAsked()
        return report
    }

    func reload(by requester: Requester, at now: WallTime) -> ReloadReport {
        log.append("reload by \(requester.user)")
        return reloadReport
    }

    func apply(file: String, confirmWithinSeconds: Int?, by requester: Requester, at now: WallTime) throws(ControlFailure) -> ReloadReport {
        log.append("apply \(file) \(confirmWithinSeconds.map(String.init) ?? "-")")
        if let failure { throw failure }
        return reloadReport
    }

    func confirm(by requester: Requester, at now: WallTime) throws(ControlFailure) -> ConfirmReport {
        log.append("confirm")
        if let failure { throw failure }
        return ConfirmReport(generation: 2, file: "/etc/gatekeeper/gatekeeper.yaml")
    }

    func grant(_ request: GrantRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> GrantOutcome {
        log.append("grant \(request.address) \(request.seconds) \(request.reason) by \(requester.user)")
        if let failure { throw failure }
        let grant = Grant(
            identifier: 1, address: request.address, reason: request.reason, madeAt: now, madeBy: requester,
            endsAt: now.advanced(byMilliseconds: Int64(request.seconds) * 1000))
        grantList.append(grant)
        return GrantOutcome(grant: grant, change: .made)
    }

    func grants(all: Bool, at now: WallTime) throws(ControlFailure) -> [Grant] {
        log.append("grants \(all)")
        if let failure { throw failure }
        return grantList
    }

    func revoke(_ address: AddressPrefix, by requester: Requester, at now: WallTime) throws(ControlFailure) -> RevokeReport {
        log.append("revoke \(address)")
        guard var grant = grantList.first(where: { $0.address == address }) else {
            throw ControlFailure(.missing, "\(address) has no grant")
        }
        grant.ending = Grant.Ending(at: now, how: .revoked(by: requester))
        return RevokeReport(grant: grant)
    }

    func lockdown(keep: [String], seconds: Int?, by requester: Requester, at now: WallTime) throws(ControlFailure) -> LockdownReport {
        log.append("lockdown \(keep.joined(separator: "+")) \(seconds.map(String.init) ?? "-") by \(requester.user)")
        if let failure { throw failure }
        var lockdown = Lockdown(since: now)
        (lockdown.keep, lockdown.requester) = (keep, requester)
        return LockdownReport(lockdown: lockdown)
    }

    var listReports: [ListReport] = []

    func lists() -> [ListReport] {
        log.append("lists")
        return listReports
    }

    func acceptList(
        _ label: String, digest: String?, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> (report: ListReport, taken: ListReport.Proposal) {
        log.append("lists_accept \(label) \(digest ?? "-") by \(requester.user)")
        if let failure { throw failure }
        let proposal = ListReport.Proposal(entries: [], since: now, digest: digest ?? "", added: [], removed: [])
        return (ListReport(label: label, name: label, isProposed: true), proposal)
    }

    func endLockdown(by requester: Requester, at now: WallTime) throws(ControlFailure) -> LockdownReport {
        log.append("lockdown_end by \(requester.user)")
        if let failure { throw failure }
        return LockdownReport()
    }

    var orderReport = OrderReport()

    func certificates(at now: WallTime) -> OrderReport {
        log.append("certificates")
        return orderReport
    }

    func renewCertificates(
        _ name: String?, isUndue: Bool, by requester: Requester, at now: WallTime
    ) throws(ControlFailure) -> OrderReport {
        log.append("certificates_renew \(name ?? "-") \(isUndue)")
        if let failure { throw failure }
        return orderReport
    }

    func tryOrders(_ name: String?, at now: WallTime) throws(ControlFailure) -> OrderReport {
        log.append("certificates_dry_run \(name ?? "-")")
        if let failure { throw failure }
        return orderReport
    }

    func openChallenge(_ request: ChallengeRequest, by requester: Requester, at now: WallTime) throws(ControlFailure) -> OpenedChallenge {
        log.append("challenge_open \(request.name) \(request.digestText)")
        if let failure { throw failure }
        return window(request.name, by: requester, at: now)
    }

    func closeChallenge(_ name: String, by requester: Requester) throws(ControlFailure) -> OpenedChallenge {
        log.append("challenge_close \(name)")
        if let failure { throw failure }
        return window(name, by: requester, at: WallTime(milliseconds: 0))
    }

    private func window(_ name: String, by requester: Requester, at now: WallTime) -> OpenedChallenge {
        OpenedChallenge(
            name: name, digest: [], since: now, until: now.advanced(byMilliseconds: 600_000), endsAt: .distantFuture, requester: requester)
    }

    var notifierStates: [NotifierState] = []

    func testNotifiers(at now: WallTime) -> [NotifierState] {
        log.append("notify_test")
        return notifierStates
    }

    func notifiers() -> [NotifierState] {
        log.append("notifiers")
        return notifierStates
    }

    var learnedReport = LearnedReport(since: WallTime(milliseconds: 0))

    func learned(_ query: LearnedQuery, at now: WallTime) throws(ControlFailure) -> LearnedReport {
        log.append("learned \(query.seconds) \(query.label ?? "")")
        if let failure { throw failure }
        return learnedReport
    }

    func digest(_ query: DigestQuery, at now: WallTime) throws(ControlFailure) -> DigestReport {
        log.append("digest \(query.seconds)")
        if let failure { throw failure }
        return DigestReport(since: now, until: now, away: denialReport)
    }

    func denials(_ query: DenialQuery, at now: WallTime) throws(ControlFailure) -> DenialReport {
        log.append("denials \(query.seconds) \(query.top)")
        if let failure { throw failure }
        return denialReport
    }
}
