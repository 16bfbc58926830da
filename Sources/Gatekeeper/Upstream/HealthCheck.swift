/// Asks one ticket system regularly whether it answers (`upstream.health`), from one worker for all.
///
/// Any status below 500 is an answer: an API that wants credentials says 401 and is well. The connection is the check's own and is closed
/// after each. One that wasn't answered is repeated soon: a ticket system that hangs is known after three timeouts, not three intervals.
final class HealthCheck {
    private let pool: UpstreamPool
    private let check: Settings.Upstream.Check
    private let question: UpstreamQuestion?
    private let waiter: Waiter
    private var isEnded = false

    private static let repeatMilliseconds = 500

    init(_ pool: UpstreamPool, _ check: Settings.Upstream.Check, question: UpstreamQuestion?) {
        self.pool = pool
        self.check = check
        self.question = question
        waiter = Waiter(on: pool.loop)
    }

    /// Until `end`.
    func run() async {
        while !isEnded {
            let sign = await Self.probe(pool, check, question, waiter: waiter)
            guard !isEnded else { break }
            switch sign {
            case .alive: pool.noteSuccess()
            case .silent(let reason): pool.noteSilence(reason, isPrompted: false)
            case .unknown: break
            }
            let isDoubtful = !sign.isAlive && pool.target.health.isUp
            let pause = isDoubtful ? min(check.intervalMilliseconds, Self.repeatMilliseconds) : check.intervalMilliseconds
            _ = await waiter.wait(until: pool.loop.now.advanced(byMilliseconds: pause))
        }
        waiter.end()
    }

    func end() {
        isEnded = true
        waiter.abort()
    }

    /// Whether it answers within the check's timeout, all in all.
    static func probe(
        _ pool: UpstreamPool, _ check: Settings.Upstream.Check, _ question: UpstreamQuestion?, waiter: Waiter
    ) async -> LifeSign {
        let milliseconds = check.timeoutMilliseconds
        var probe = UpstreamProbe(
            pool: pool, waiter: waiter, loop: pool.loop, connectMilliseconds: milliseconds, answerMilliseconds: milliseconds)
        probe.end = pool.loop.now.advanced(byMilliseconds: milliseconds)
        guard let question else { return .silent("request_line") }
        switch await probe.ask(question) {
        case .answered(let answer) where answer.status < 500: return .alive
        case .answered(let answer): return .silent(answer.status == 508 ? "loop" : "status")
        case .failed(let reason): return .silent(reason)
        case .unasked: return .unknown
        }
    }
}

/// What a question of ours has found out about a ticket system.
enum LifeSign {
    case alive
    /// With the log's word for why it isn't.
    case silent(StaticString)
    /// Nothing: this host couldn't ask.
    case unknown

    var isAlive: Bool {
        if case .alive = self { true } else { false }
    }
}
