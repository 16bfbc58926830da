/// Asks a ticket system something of our own: one `GET`, over a connection that is closed after the answer.
struct UpstreamProbe {
    let pool: UpstreamPool
    let waiter: Waiter
    let loop: EventLoop
    let connectMilliseconds: Int
    /// From the connection to the end of what is wanted of the answer.
    let answerMilliseconds: Int
    /// All of it, the connection included, for whom that matters.
    var end = Instant.distantFuture

    enum Outcome {
        case answered(UpstreamAnswer)
        /// The log's word for why there is no answer.
        case failed(StaticString)
        /// Likewise, where this host couldn't ask: it says nothing of who was to be asked.
        case unasked(StaticString)
    }

    func ask(_ question: UpstreamQuestion) async -> Outcome {
        let outcome = await pool.dial(
            waiter: waiter, on: loop, timeoutMilliseconds: connectMilliseconds, until: end, serverName: question.serverName,
            showing: question.client.map { ShownClient($0) })
        guard case .connected(let connection) = outcome else {
            let reason = outcome.reason ?? "aborted"
            return outcome.isOurs ? .unasked(reason) : .failed(reason)
        }
        defer { connection.close() }
        let buffer = pool.buffers.take()
        defer { pool.buffers.give(buffer) }
        let deadline = min(end, loop.now.advanced(byMilliseconds: answerMilliseconds))
        connection.socket.waiter = waiter
        question.write(into: buffer)
        guard !buffer.overflowed else { return .failed("request_too_large") }
        if let failure = await send(buffer, over: connection, until: deadline) { return .failed(failure) }
        buffer.clear()
        return await receive(into: buffer, over: connection, bodyBytesMax: question.bodyBytesMax, until: deadline)
    }

    /// Nil when everything has left.
    private func send(_ buffer: Buffer, over connection: UpstreamConnection, until deadline: Instant) async -> StaticString? {
        while true {
            if case .failed = connection.send(buffer) { return "closed_before_response" }
            if buffer.isEmpty, connection.flush() == .done { return nil }
            connection.socket.interest = [.writable]
            if let failure = await wait(until: deadline) { return failure }
        }
    }

    private func receive(
        into buffer: Buffer, over connection: UpstreamConnection, bodyBytesMax: Int, until deadline: Instant
    ) async -> Outcome {
        var fields = FieldTable()
        var interimResponses = 0
        connection.socket.interest = [.readable]
        while true {
            let transfer = connection.receive(into: buffer)
            switch transfer {
            case .bytes, .wouldBlock: break
            case .endOfStream, .failed: return .failed(connection.objection?.reason ?? "closed_before_response")
            }
            switch Self.head(in: buffer, &fields, &interimResponses) {
            case .parsed(let head):
                var answer = UpstreamAnswer(head, fields, buffer.readable)
                answer.ownAddress = ownAddress(of: connection)
                answer.arrivedAtUnixMilliseconds = loop.wallMilliseconds
                buffer.consume(head.byteCount)
                let body = await body(
                    BodyBeginning(head.framing, bytesMax: bodyBytesMax), in: buffer, over: connection, until: deadline)
                (answer.body, answer.isWhole) = (body.bytes, body.isWhole)
                return .answered(answer)
            case .refused(let refusal): return .failed(refusal.reason)
            case .needsMore: break
            }
            guard interimResponses <= ResponseHeadParser.interimResponsesMax else { return .failed("interim_responses") }
            // Part of a TLS record makes a connection readable, and brings nothing until the rest has come.
            if case .bytes = transfer, connection.isReadable { continue }
            if let failure = await wait(until: deadline) { return .failed(failure) }
        }
    }

    /// As far as it comes in time: a body that is cut short is a beginning as well.
    private func body(
        _ beginning: BodyBeginning, in buffer: Buffer, over connection: UpstreamConnection, until deadline: Instant
    ) async -> BodyBeginning {
        var beginning = beginning
        while !beginning.isDone {
            beginning.take(buffer.readable)
            buffer.clear()
            guard !beginning.isDone else { break }
            switch connection.receive(into: buffer) {
            case .bytes: continue
            case .endOfStream:
                beginning.endConnection()
                return beginning
            case .failed: return beginning
            case .wouldBlock: if await wait(until: deadline) != nil { return beginning }
            }
        }
        return beginning
    }

    /// Until something has happened, of whatever kind; else why it isn't worth to wait on.
    private func wait(until deadline: Instant) async -> StaticString? {
        switch await waiter.wait(until: deadline) {
        case .ready: nil
        case .deadlineExceeded: loop.now >= deadline ? "response_timeout" : nil
        case .aborted: "aborted"
        }
    }

    /// The final head, past the interim ones, which are counted and consumed.
    private static func head(in buffer: Buffer, _ fields: inout FieldTable, _ interimResponses: inout Int) -> ParseResult<ResponseHead> {
        buffer.compact()
        while true {
            let result = ResponseHeadParser.parse(buffer.readable, forRequest: .get, limits: ResponseHeadParser.limits, into: &fields)
            guard case .parsed(let head) = result, head.status < 200 else { return result }
            interimResponses += 1
            buffer.consume(head.byteCount)
        }
    }

    private func ownAddress(of connection: UpstreamConnection) -> PeerAddress? {
        if case .unix? = pool.target.addresses.first { return nil }
        do throws(SystemError) {
            return try System.localAddress(of: connection.socket.descriptor).address
        } catch {
            return nil
        }
    }
}
