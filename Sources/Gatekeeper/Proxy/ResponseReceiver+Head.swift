/// The head of the response, and those of interim responses before it.
extension ResponseReceiver {
    func takeHead(from upstream: UpstreamConnection) -> Step? {
        if let inbound, !inbound.isEmpty {
            let result = heads.read(
                inbound.readable, by: ResponseHeadParser(forRequest: request.method), limits: ResponseHeadParser.limits,
                into: &session.worker.responseFields)
            switch result {
            case .parsed(let head): return pass(head, from: inbound)
            case .refused(let refusal): return .failed(.upstreamInvalid(refusal))
            case .needsMore: break
            }
        }
        return receive(from: upstream)
    }

    private func pass(_ head: ResponseHead, from inbound: Buffer) -> Step? {
        if head.status < 200 { return passInterim(head, from: inbound) }
        let (session, worker) = (session, session.worker)
        status = head.status
        session.expectation.answered()
        headArrived = worker.loop.now
        // What comes before the request is through ends both connections: nobody can say where the rest of the request would be read.
        upstreamPersists = head.isPersistent && requestIsSent
        target?.note(version: head.version, now: worker.loop.now)
        asksForIdentity = ConnectionIdentity.isAsked(by: head, worker.responseFields, inbound.readable)
        writesChunks = request.version == .http11 && (head.framing == .chunked || head.framing == .untilClose)
        state = state(for: head.framing)
        let framing: BodyFraming = writesChunks ? .chunked : head.framing == .chunked ? .untilClose : head.framing
        clientPersists = request.isPersistent && framing != .untilClose && requestIsSent && session.mayPersist
        let output = composing()
        let requestBytes = requestBytes
        HeadWriter.writeResponse(
            head, worker.responseFields, source: inbound.readable, requestVersion: request.version,
            framing: framing, keepAlive: clientPersists, ownAuthority: requestBytes.bytes.bytes(request.host),
            toldAuthority: session.snapshot.fixedHost.utf8.span, upstreamPort: target?.port ?? 0,
            date: worker.dateText.readable, into: output)
        inbound.consume(head.byteCount)
        guard !output.overflowed else { return .failed(.upstreamInvalid(.headTooLarge)) }
        joinFirstBytes(inbound, to: output)
        return nil
    }

    private func state(for framing: BodyFraming) -> State {
        switch framing {
        case .none, .length(0): .complete
        case .length(let count): .body(.length(remaining: count))
        case .chunked: .body(.chunked(ChunkRelay(isResponse: true, writesChunks: writesChunks)))
        case .untilClose: .body(.untilClose)
        }
    }

    /// 1xx: 100 releases the client's body, others are passed on to a client that knows them (RFC 9110 §15.2).
    private func passInterim(_ head: ResponseHead, from inbound: Buffer) -> Step? {
        if head.status == 101 { return passSwitch(head, from: inbound) }
        interimResponses += 1
        guard interimResponses <= ResponseHeadParser.interimResponsesMax else { return .failed(.upstreamInterimFlood) }
        target?.note(version: head.version, now: connection.loop.now)
        if head.status == 100 {
            session.expectation.grant()
        } else if request.version == .http11 {
            HeadWriter.writeResponse(
                head, session.worker.responseFields, source: inbound.readable, requestVersion: request.version, framing: .none,
                keepAlive: true, into: composing())
        }
        inbound.consume(head.byteCount)
        return nil
    }

    /// 101 ends HTTP on both connections (RFC 9110 §7.8), if it is the answer to what was asked.
    private func passSwitch(_ head: ResponseHead, from inbound: Buffer) -> Step? {
        let (requestBytes, worker) = (requestBytes, session.worker)
        guard let webSocketKey, requestIsSent,
            WebSocketHandshake.isAnswered(
                by: head, worker.responseFields, inbound.readable, key: requestBytes.bytes.bytes(webSocketKey))
        else { return .failed(.upstreamSwitched) }
        status = head.status
        headArrived = worker.loop.now
        state = .complete
        HeadWriter.writeResponse(
            head, worker.responseFields, source: inbound.readable, requestVersion: request.version, framing: .none, keepAlive: true,
            into: composing())
        inbound.consume(head.byteCount)
        return nil
    }

    /// Head and the start of the body leave in one record where the body's length is known.
    private func joinFirstBytes(_ inbound: Buffer, to output: Buffer) {
        guard case .body(.length(let remaining)) = state, !inbound.isEmpty else { return }
        let count = Int(min(UInt64(max(0, min(inbound.count, Self.recordBytesMax - output.count))), remaining))
        output.append(inbound.readable.extracting(first: count))
        inbound.consume(count)
        noteBody(count, of: remaining)
    }
}
