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
        let outcome = await pool.dial(waiter: waiter, on: loop, timeoutMilliseconds: connectMilliseconds)
        guard case .connected(let connection) = outcome else { return outcome.reason }
        defer { connection.close() }
        let buffer = pool.buffers.take()
        defer { pool.buffers.give(buffer) }
        buffer.append("GET ")
        buffer.append(check.path)
        buffer.append(" HTTP/1.1\r\nHost: ")
        buffer.append(host)
        buffer.append("\r\nUser-Agent: gatekeeper-check\r\nConnection: close\r\n\r\n")
        return await ask(buffer, over: connection)
    }

    private func ask(_ buffer: Buffer, over connection: UpstreamConnection) async -> StaticString? {
        let deadline = loop.now.advanced(byMilliseconds: check.timeoutMilliseconds)
        connection.socket.waiter = waiter
        var hasSent = false
        var interimResponses = 0
        while true {
            if !hasSent {
                if case .failed = connection.send(buffer) { return "closed_before_response" }
                hasSent = buffer.isEmpty && connection.flush() == .done
                if hasSent { buffer.clear() }
            }
            if hasSent {
                switch connection.receive(into: buffer) {
                case .bytes: break
                case .wouldBlock: break
                case .endOfStream, .failed: return "closed_before_response"
                }
                switch Self.answer(in: buffer, &interimResponses) {
                case .parsed(let head): return head.status < 500 ? nil : "status"
                case .refused(let refusal): return refusal.reason
                case .needsMore: break
                }
                guard interimResponses <= ResponseHeadParser.interimResponsesMax else { return "interim_responses" }
            }
            guard !connection.isReadable || !hasSent else { continue }
            connection.socket.interest = hasSent ? [.readable] : [.writable]
            switch await waiter.wait(until: deadline) {
            case .ready: continue
            case .deadlineExceeded: if loop.now >= deadline { return "response_timeout" }
            case .aborted: return "aborted"
            }
        }
    }

    /// The final head, past the interim ones, which are counted and consumed.
    private static func answer(in buffer: Buffer, _ interimResponses: inout Int) -> ParseResult<ResponseHead> {
        var fields = FieldTable()
        defer { buffer.compact() }
        while true {
            let result = ResponseHeadParser.parse(
                buffer.readable, forRequest: .get, limits: ResponseHeadParser.limits, into: &fields)
            guard case .parsed(let head) = result, head.status < 200 else { return result }
            interimResponses += 1
            buffer.consume(head.byteCount)
        }
    }
}
