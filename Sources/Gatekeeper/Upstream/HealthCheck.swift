/// Asks one ticket system regularly whether it answers (`upstream.health`), from one worker for all.
///
/// Any status below 500 is an answer: an API that wants credentials says 401 and is well. The connection is the check's own and is closed
/// after each.
final class HealthCheck {
    private let pool: UpstreamPool
    private let check: Settings.Upstream.Check
    private let connectMilliseconds: Int
    private let host: String
    private let loop: EventLoop
    private let waiter: Waiter
    private var isEnded = false

    init(_ pool: UpstreamPool, _ check: Settings.Upstream.Check, host: String, connectMilliseconds: Int, loop: EventLoop) {
        self.pool = pool
        self.check = check
        self.host = host
        self.connectMilliseconds = connectMilliseconds
        self.loop = loop
        waiter = Waiter(on: loop)
    }

    /// Until `end`.
    func run() async {
        while !isEnded {
            let failure = await probe()
            guard !isEnded else { break }
            if let failure { pool.noteFailure(failure) } else { pool.noteSuccess() }
            _ = await waiter.wait(until: loop.now.advanced(byMilliseconds: check.intervalMilliseconds))
        }
        waiter.end()
    }

    func end() {
        isEnded = true
        waiter.abort()
    }

    /// Nil when it answers.
    private func probe() async -> StaticString? {
        let probe = UpstreamProbe(
            pool: pool, waiter: waiter, loop: loop, connectMilliseconds: connectMilliseconds, answerMilliseconds: check.timeoutMilliseconds)
        guard let question = UpstreamQuestion(path: check.path, host: host) else { return "request_line" }
        switch await probe.ask(question) {
        case .answered(let answer): return answer.status < 500 ? nil : "status"
        case .failed(let reason): return reason
        }
    }
}
