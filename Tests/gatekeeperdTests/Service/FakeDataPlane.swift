import Glibc

@testable import Gatekeeper
@testable import gatekeeperd

/// A server that serves nobody: keeps what it is told, and tells what the test has put into it.
// SAFETY: a test uses it from one thread at a time.
final class FakeDataPlane: DataPlane, @unchecked Sendable {
    /// One line each: the event's name, then its fields.
    private(set) var events: [String] = []
    private(set) var applied: [Settings] = []
    private(set) var admitted: [[Settings.AllowEntry]] = []
    private(set) var calls: [String] = []
    /// What the next `apply` says in place of doing it.
    var refusal: ServerError?
    var denials: [DenialSummary] = []
    var firstUses: Set<PeerAddress> = []
    var seen: [AddressPrefix: Int64] = [:]
    var shieldLook: Instant?
    var upstreams: [ServerStatus.Upstream] = []
    /// What happens while its end is waited for, a wait each; none is left when it has ended.
    var waits: [() -> Void] = []

    /// Whom it lets in, as the last call has it.
    var allowed: [String] { (admitted.last ?? []).map(\.prefix.description) }

    func takeEvents() -> [String] {
        defer { events = [] }
        return events
    }

    // MARK: What is told

    func apply(_ settings: Settings) throws(ServerError) {
        if let refusal {
            self.refusal = nil
            throw refusal
        }
        applied.append(settings)
        admitted.append(settings.allow)
    }

    /// What was presented, the newest last.
    private(set) var presented: [[PendingChallenge]] = []
    /// What the next `present` says in place of doing it.
    var presentRefusal: ServerError?

    func present(_ challenges: [PendingChallenge], http: SocketAddress?) throws(ServerError) {
        if let presentRefusal {
            self.presentRefusal = nil
            throw presentRefusal
        }
        presented.append(challenges)
    }

    func admit(_ allow: [Settings.AllowEntry]) { admitted.append(allow) }

    func event(_ name: String, _ fields: [JournalField]) {
        let texts = fields.map { field in
            switch field.value {
            case .text(let text): "\(field.name)=\(text)"
            case .number(let number): "\(field.name)=\(number)"
            }
        }
        events.append(([name] + texts).joined(separator: " "))
    }

    func lendListeners(_ isLent: Bool) { calls.append("lend \(isLent)") }
    func directLog(toSyslog path: String?) {}
    func beginDrain(isHandedOver: Bool) { calls.append("drain") }
    func stop() { calls.append("stop") }

    func wait(milliseconds: Int) -> Bool {
        guard !waits.isEmpty else { return true }
        waits.removeFirst()()
        return false
    }

    // MARK: What is asked

    func takeDenials() -> [DenialSummary] {
        defer { denials = [] }
        return denials
    }

    func putBackDenials(_ records: [DenialSummary]) { denials += records }

    func takeFirstUses() -> Set<PeerAddress> {
        defer { firstUses = [] }
        return firstUses
    }

    func lastSeen() -> [AddressPrefix: Int64] { seen }

    /// What the next look at learned requests finds.
    var learned = LearnedTake()
    /// What it was told of former processes.
    private(set) var known: [LearnedTemplate] = []

    func takeLearned(isLast: Bool) -> LearnedTake {
        defer { learned = LearnedTake() }
        return learned
    }

    func putBackLearned(_ take: LearnedTake) { learned.rows += take.rows }
    func knowLearned(_ templates: [LearnedTemplate]) { known = templates }

    func turnShield() -> Instant? {
        calls.append("shield")
        return shieldLook
    }

    func isAlive() -> Bool {
        calls.append("alive")
        return true
    }

    /// How connections and exchanges ended; nil: a worker doesn't answer.
    var tally: VerdictTally? = VerdictTally()

    /// How often workers were asked for that alone.
    private(set) var verdictsAsked = 0

    func verdicts() -> VerdictTally? {
        verdictsAsked += 1
        return tally
    }

    /// Requests of each source that were answered well.
    var requests: [String: Int] = [:]

    func counts() -> ServerCounts? {
        guard let tally else { return nil }
        var counts = ServerCounts()
        counts.verdicts = tally
        counts.answers = requests.map { name, count in
            var answers = AnswerTally()
            for _ in 0..<count { answers.count(isGood: true, nanoseconds: nil, endedMilliseconds: 0) }
            return (name, answers)
        }
        return counts
    }

    func status() -> ServerStatus {
        ServerStatus(
            listeners: addresses, openConnections: 0, admitted: 0, denied: 0, requests: 0,
            shield: ServerStatus.Shield(state: .off, dropped: 0), sources: [], upstreams: upstreams, verdicts: tally ?? VerdictTally(),
            linesDropped: 0, isWhole: tally != nil)
    }

    func isResponsive(within milliseconds: Int) -> Bool { true }
    func allowEntry(for peer: PeerAddress, nowUnixSeconds: Int64) -> Settings.AllowEntry? { nil }
    func label(of peer: PeerAddress) -> String? { nil }

    var addresses: [SocketAddress] { [] }
    var absentListeners: [(address: SocketAddress, isFree: Bool)] { [] }
    var listeners: [InheritedListener] { [] }
    var firstUseDescriptor: Int32 { -1 }
    var denialDescriptor: Int32 { -1 }
    var floodDescriptor: Int32 { -1 }
    var shieldObstacle: ServerError? { nil }
    /// Why the log loses lines.
    var logTrouble: JournalTrouble?
    var answerRuns: [AnswerRuns.Run] { [] }
    var hasUpstream: Bool { true }
    var isDraining: Bool { false }
}
