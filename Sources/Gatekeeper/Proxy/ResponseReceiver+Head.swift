/// The head of the response, and those of interim responses before it.
extension ResponseReceiver {
    func takeHead(from upstream: UpstreamConnection) -> Step? {
        if let inbound, !inbound.isEmpty {
            let result = heads.read(
                inbound.readable, by: ResponseHeadParser(forRequest: stream.head.method), limits: ResponseHeadParser.limits,
                into: &worker.responseFields)
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
        headArrived = worker.loop.now
        // What comes before the request is through ends both connections: nobody can say where the rest of the request would be read.
        upstreamPersists = head.isPersistent && requestIsSent
        target?.note(version: head.version, now: worker.loop.now)
        asksForIdentity = ConnectionIdentity.isAsked(by: head, worker.responseFields, inbound.readable)
        let fits = stream.begin(head, from: inbound.readable, port: target?.port ?? 0, mayPersist: requestIsSent)
        inbound.consume(head.byteCount)
        guard fits else { return .failed(.upstreamInvalid(.headTooLarge)) }
        state =
            switch head.framing {
            case .none, .length(0): .complete
            case .length(let count): .body(.length(remaining: count))
            case .chunked: .body(.chunked(ChunkRelay(isResponse: true, writesChunks: stream.writesChunks)))
            case .untilClose: .body(.untilClose)
            }
        // Head and the start of the body leave in one record where the body's length is known.
        if case .length(let count) = head.framing, count > 0, !inbound.isEmpty {
            noteBody(stream.join(inbound, bytesMax: count), of: count)
        }
        return nil
    }

    /// 1xx: 100 releases the client's body, others are passed on (RFC 9110 §15.2).
    private func passInterim(_ head: ResponseHead, from inbound: Buffer) -> Step? {
        if head.status == 101 { return passSwitch(head, from: inbound) }
        interimResponses += 1
        guard interimResponses <= ResponseHeadParser.interimResponsesMax else { return .failed(.upstreamInterimFlood) }
        target?.note(version: head.version, now: worker.loop.now)
        if head.status == 100 { stream.expectation.grant() } else { stream.inform(head, from: inbound.readable) }
        inbound.consume(head.byteCount)
        return nil
    }

    /// 101 ends HTTP on both connections (RFC 9110 §7.8), if it is the answer to what was asked.
    private func passSwitch(_ head: ResponseHead, from inbound: Buffer) -> Step? {
        let asked = stream.headBytes
        guard let webSocketKey, requestIsSent,
            WebSocketHandshake.isAnswered(by: head, worker.responseFields, inbound.readable, key: asked.bytes.bytes(webSocketKey))
        else { return .failed(.upstreamSwitched) }
        headArrived = worker.loop.now
        state = .complete
        stream.inform(head, from: inbound.readable)
        inbound.consume(head.byteCount)
        return nil
    }
}
