/// Asks one ticket system whether it lives, because a request to it has failed: by its check, else by a connection (and TLS).
///
/// When it doesn't and nobody checks it, goes on asking until it does: no request should have to find out.
final class UpstreamInquest {
    private let pool: UpstreamPool
    private let check: Settings.Upstream.Check?
    private let question: UpstreamQuestion?
    private let connectMilliseconds: Int
    private let waiter: Waiter
    private var isEnded = false

    private static let pauseMilliseconds = 1_000
    private static let pauseMillisecondsMax = 30_000

    /// - Parameter check: nil where nobody checks it.
    init(_ pool: UpstreamPool, _ check: Settings.Upstream.Check?, question: UpstreamQuestion?, connectMilliseconds: Int) {
        self.pool = pool
        self.check = check
        self.question = question
        self.connectMilliseconds = connectMilliseconds
        waiter = Waiter(on: pool.loop)
    }

    /// After `UpstreamHealth.mayAsk`. Ends with an answer, after one question that a check repeats anyway, or by `end`.
    func run() async {
        let (health, loop) = (pool.target.health, pool.loop)
        var pause = Self.pauseMilliseconds
        while !isEnded {
            let sign = await ask()
            guard !isEnded else { break }
            // A hung one takes connections all the same: where requests took it out, only a request brings it back.
            if sign.isAlive, check != nil || !health.isUp && pause > Self.pauseMilliseconds { pool.noteSuccess() }
            if case .silent(let reason) = sign { pool.noteSilence(reason, isPrompted: true) }
            guard check == nil, !sign.isAlive else { break }
            _ = await waiter.wait(until: loop.now.advanced(byMilliseconds: pause))
            pause = min(pause * 2, Self.pauseMillisecondsMax)
        }
        waiter.end()
        health.noteAsked(now: loop.now)
    }

    func end() {
        isEnded = true
        waiter.abort()
    }

    private func ask() async -> LifeSign {
        if let check { return await HealthCheck.probe(pool, check, question, waiter: waiter) }
        let end = pool.loop.now.advanced(byMilliseconds: connectMilliseconds)
        let outcome = await pool.dial(
            waiter: waiter, on: pool.loop, timeoutMilliseconds: connectMilliseconds, until: end,
            serverName: question?.serverName)
        guard case .connected(let connection) = outcome else {
            return outcome.isOurs ? .unknown : .silent(outcome.reason ?? "aborted")
        }
        connection.retire()
        return .alive
    }
}
