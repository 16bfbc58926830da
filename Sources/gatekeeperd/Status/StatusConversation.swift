internal import Gatekeeper

/// One reader of the status page: it sends a request, gets an answer, and is gone.
///
/// ```
///   asking ──a whole head──▶ (cache) ──answer──▶ answering ──all taken──▶ over
///      └──refused────────────────────────────────▲    │                     ▲
///                                                      └─ unread bytes ─▶ parting
///                            whatever the state: deadline, gone ───────────▶ over
/// ```
///
/// HTTP is read by the data path's parser, with smaller limits. One request a connection: then nothing is ever read that a proxy before us
/// may have meant for somebody else.
final class StatusConversation: Conversation {
    private let connection: PlainConnection
    private let input = Buffer(capacity: headBytesMax + 1024)
    private var parser = RequestHeadParser()
    private var fields = FieldTable()
    private var state = State.asking
    private(set) var deadline: Instant
    private var hasShownWrongToken = false

    static let headBytesMax = 8 << 10
    /// For a whole request to arrive; not begun anew by each byte.
    static let requestMilliseconds = 5_000
    /// For the whole answer to be taken.
    static let answerMilliseconds = 10_000
    /// For a reader that still sends to see that we don't read it, and to go.
    static let partingMilliseconds = 2_000
    private static let partingBytesMax = 64 << 10

    private static let limits: Settings.Limits = {
        var limits = Settings.Limits()
        limits.headBytesMax = headBytesMax
        limits.targetBytesMax = 1 << 10
        // What has a body is answered for its method.
        limits.requestBodyBytesMax = .max
        return limits
    }()

    private enum State {
        case asking
        /// `isWhole`: everything that the reader has sent was read.
        case answering([UInt8], sent: Int, isWhole: Bool)
        case parting(discarded: Int)
        case over
    }

    init(_ connection: consuming PlainConnection, at now: Instant) {
        self.connection = connection
        deadline = now.advanced(byMilliseconds: Self.requestMilliseconds)
    }

    var number: Int32 { connection.number }
    var peer: PeerAddress { connection.peer }

    var isAsking: Bool {
        if case .asking = state { true } else { false }
    }

    /// It has its answer and is only waited for to go.
    var isParting: Bool {
        if case .parting = state { true } else { false }
    }

    /// What is to be waited for next; nil when it is over.
    var next: ReadinessSet.Interest? {
        switch state {
        case .asking, .parting: .readable
        case .answering: .writable
        case .over: nil
        }
    }

    /// Goes as far as it can without waiting.
    func advance(_ cache: StatusCache, _ gate: StatusGate, _ service: some ObservedService, by clock: ControlClock) {
        if case .asking = state { ask(cache, gate, service, clock) }
        if case .answering(let bytes, let sent, let isWhole) = state { send(bytes, from: sent, isWhole, clock) }
        if case .parting(let discarded) = state { part(discarded) }
    }

    /// Whether it has shown a wrong token; told once.
    func takeWrongToken() -> Bool {
        defer { hasShownWrongToken = false }
        return hasShownWrongToken
    }

    /// Ends it with this answer, if it costs no waiting and the reader is owed one.
    func end(with answer: StatusAnswer) {
        if case .asking = state { _ = connection.send(answer.bytes(toHead: false).span) }
        state = .over
    }

    // MARK: The request

    private func ask(_ cache: StatusCache, _ gate: StatusGate, _ service: some ObservedService, _ clock: ControlClock) {
        let input = input
        while true {
            switch connection.receive(into: input) {
            case .wouldBlock: return
            case .ended: return state = .over
            case .bytes: break
            }
            switch parser.resume(input.readable, limits: Self.limits, into: &fields) {
            case .needsMore:
                if input.room == 0 { return begin(Self.answer(to: .headTooLarge), isWhole: false, clock) }
            case .refused(let refusal):
                return begin(Self.answer(to: refusal), isWhole: false, clock)
            case .parsed(let head):
                let isWhole = head.framing == .none && head.byteCount == input.count
                let answer = answer(head, cache, gate, service, clock.now())
                return begin(answer, isHead: head.method == .head, isWhole: isWhole, clock)
            }
        }
    }

    private func answer(
        _ head: RequestHead, _ cache: StatusCache, _ gate: StatusGate, _ service: some ObservedService, _ now: Moment
    ) -> StatusAnswer {
        let input = input
        let resource = StatusResource(head, input.readable)
        if !(resource?.isForEverybody ?? false) {
            switch gate.judge(head, fields, input.readable) {
            case .admitted: break
            case .refused(let answer): return answer
            case .wrongToken(let answer):
                hasShownWrongToken = true
                return answer
            }
        }
        guard head.method == .get || head.method == .head else { return .methodNotAllowed }
        return resource.map { cache.answer($0, service, at: now.instant, wallTime: now.wallTime) } ?? .missing
    }

    private static func answer(to refusal: Refusal) -> StatusAnswer {
        refusal == .methodRefused ? .methodNotAllowed : StatusAnswer(Int(refusal.status), "\(refusal.detail)")
    }

    // MARK: The answer

    private func begin(_ answer: StatusAnswer, isHead: Bool = false, isWhole: Bool, _ clock: ControlClock) {
        state = .answering(answer.bytes(toHead: isHead), sent: 0, isWhole: isWhole)
        // Looking may have taken the service a while.
        deadline = clock.now().instant.advanced(byMilliseconds: Self.answerMilliseconds)
    }

    private func send(_ bytes: [UInt8], from start: Int, _ isWhole: Bool, _ clock: ControlClock) {
        var sent = start
        while sent < bytes.count {
            switch connection.send(bytes.span.extracting(droppingFirst: sent)) {
            case .bytes(let count): sent += count
            case .wouldBlock: return state = .answering(bytes, sent: sent, isWhole: isWhole)
            case .ended: return state = .over
            }
        }
        guard !isWhole else { return state = .over }
        connection.endWriting()
        state = .parting(discarded: 0)
        deadline = clock.now().instant.advanced(byMilliseconds: Self.partingMilliseconds)
    }

    private func part(_ before: Int) {
        var discarded = before
        while discarded < Self.partingBytesMax {
            input.clear()
            switch connection.receive(into: input) {
            case .bytes(let count): discarded += count
            case .wouldBlock: return state = .parting(discarded: discarded)
            case .ended: return state = .over
            }
        }
        state = .over
    }
}
