/// What can be watched: the running service, as the status page sees it.
///
/// Every method runs on the control thread, while a reader waits; none may wait for a peer.
protocol ObservedService: AnyObject {
    var isDraining: Bool { get }
    /// It serves as ever and drains soon: nobody should send anything more.
    var isLeaving: Bool { get }
    /// No worker is stuck.
    var isResponsive: Bool { get }
    /// A request that came now would be tried with some ticket system.
    var hasUpstream: Bool { get }
    /// Nil when not every worker has answered: counts that go down would be taken for a restart.
    func observe(at now: WallTime) -> Observation?
    /// Who was denied in the last day, as far as that is quickly told; nil without a ledger.
    func recentDenials(at now: WallTime) -> DenialReport?
    /// Somebody showed wrong tokens.
    func report(_ wrongTokens: WrongTokens.Summary)
}

extension ObservedService {
    var isLeaving: Bool { false }
}
