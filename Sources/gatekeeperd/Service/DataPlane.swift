internal import Gatekeeper

/// What the service steers: the running server, or what a test puts in its place. What each member does is said at `Server`.
protocol DataPlane: AnyObject, Sendable {
    var addresses: [SocketAddress] { get }
    var absentListeners: [(address: SocketAddress, isFree: Bool)] { get }
    var listeners: [InheritedListener] { get }
    func lendListeners(_ isLent: Bool)

    func apply(_ settings: Settings) throws(ServerError)
    func admit(_ allow: [Settings.AllowEntry])
    func allowEntry(for peer: PeerAddress, nowUnixSeconds: Int64) -> Settings.AllowEntry?
    func label(of peer: PeerAddress) -> String?

    var firstUseDescriptor: Int32 { get }
    func takeFirstUses() -> Set<PeerAddress>
    var denialDescriptor: Int32 { get }
    func takeDenials() -> [DenialSummary]
    func putBackDenials(_ records: [DenialSummary])
    func lastSeen() -> [AddressPrefix: Int64]
    func takeLearned(isLast: Bool) -> LearnedTake
    func putBackLearned(_ take: LearnedTake)
    func knowLearned(_ templates: [LearnedTemplate])

    var floodDescriptor: Int32 { get }
    func turnShield() -> Instant?
    var shieldObstacle: ServerError? { get }

    func present(_ challenges: [PendingChallenge], http: SocketAddress?) throws(ServerError)

    func event(_ name: String, _ fields: [JournalField])
    func directLog(toSyslog path: String?)
    var logTrouble: JournalTrouble? { get }

    func status() -> ServerStatus
    func verdicts() -> VerdictTally?
    func counts() -> ServerCounts?
    var upstreams: [ServerStatus.Upstream] { get }
    var answerRuns: [AnswerRuns.Run] { get }
    var hasUpstream: Bool { get }
    var isDraining: Bool { get }
    func isAlive() -> Bool
    func isResponsive(within milliseconds: Int) -> Bool

    func beginDrain(isHandedOver: Bool)
    func wait(milliseconds: Int) -> Bool
    func stop()
}

extension Server: DataPlane {}
