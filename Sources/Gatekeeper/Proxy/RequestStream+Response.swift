/// Writing the response: heads are written anew, bodies framed for what the client speaks.
///
/// ```
///   head, first body bytes ─▶ reply ─▶ one TLS record, one send
///   then  length, until close to an HTTP/1.0 client:  the caller's buffer ─▶ TLS   (no copy)
///         chunked, or until close to HTTP/1.1:        reply in our own chunks ─▶ TLS
/// ```
extension RequestStream {
    /// A TLS record holds this much; head and first body bytes fill at most one.
    private static let recordBytesMax = 16 << 10
    /// What one chunk of ours holds: fits `reply` with its size line and the last chunk.
    private static let chunkBytesMax = 64 << 10

    /// The final head is on its way: from here on an answer of ours can't replace it.
    var hasBegun: Bool { status != 0 }

    /// It isn't the client that is being waited for.
    func excuseTaking() {
        takingFloor.restart(now: connection.loop.now)
    }

    /// How much to take from the ticket system at once (`ClientConnection.unit`).
    func unit(isBulk: Bool) -> Int { connection.unit(isBulk: isBulk) }

    // MARK: Heads

    /// Begins the final response; false if its head doesn't fit. The ticket system's field table is the worker's.
    ///
    /// - Parameters:
    ///   - source: what the head was parsed from.
    ///   - port: by which the ticket system calls itself in links.
    ///   - mayPersist: nothing on its side is in the way of another request.
    func begin(_ head: ResponseHead, from source: Span<UInt8>, port: UInt16, mayPersist: Bool) -> Bool {
        let (worker, requestBytes) = (session.worker, headBytes)
        status = head.status
        expectation.answered()
        writesChunks = self.head.version == .http11 && (head.framing == .chunked || head.framing == .untilClose)
        let framing: BodyFraming = writesChunks ? .chunked : head.framing == .chunked ? .untilClose : head.framing
        clientPersists = self.head.isPersistent && framing != .untilClose && mayPersist && session.mayPersist
        let output = composing()
        HeadWriter.writeResponse(
            head, worker.responseFields, source: source, requestVersion: self.head.version, framing: framing, keepAlive: clientPersists,
            ownAuthority: requestBytes.bytes.bytes(self.head.host), toldAuthority: session.snapshot.fixedHost.utf8.span,
            upstreamPort: port, date: worker.dateText.readable, into: output)
        return !output.overflowed
    }

    /// Passes an interim response on to a client that knows them (RFC 9110 §15.2). 101 is the last one, and ends HTTP (§7.8).
    func inform(_ head: ResponseHead, from source: Span<UInt8>) {
        guard self.head.version == .http11 else { return }
        if head.status == 101 { status = head.status }
        HeadWriter.writeResponse(
            head, session.worker.responseFields, source: source, requestVersion: self.head.version, framing: .none, keepAlive: true,
            into: composing())
    }

    /// Tells a client that waits for it to send its body (RFC 9110 §10.1.1).
    func sendContinue() {
        expectation.tell()
        excuseSending()
        composing().append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Answers with a problem of our own in place of a response (RFC 9457). Only before the final head.
    func answer(_ problem: Problem, persists: Bool) {
        status = problem.status
        clientPersists = persists
        problem.write(
            identifier: identifier, to: head, persists: persists, date: session.worker.dateText.readable, into: composing())
    }

    // MARK: Body

    /// Adds the first bytes of a body of known length to what leaves with the head, consumes them, and returns how many.
    func join(_ source: Buffer, bytesMax: UInt64) -> Int {
        let output = composing()
        let count = Int(min(UInt64(max(0, min(source.count, Self.recordBytesMax - output.count))), bytesMax))
        output.append(source.readable.extracting(first: count))
        source.consume(count)
        return count
    }

    /// Writes data from the front of `source`, at most `bytesMax`, and consumes it. Nil to go on.
    func write(_ source: Buffer, bytesMax: Int = .max) -> Step? {
        if writesChunks {
            let count = min(source.count, bytesMax, Self.chunkBytesMax)
            composing().appendChunk(source.readable.extracting(first: count))
            source.consume(count)
            return nil
        }
        return seal(source, bytesMax: bytesMax)
    }

    /// Writes the data of chunks at the front of `source`, and consumes them.
    func write(chunks relay: inout ChunkRelay, from source: Buffer) -> ChunkRelay.Outcome {
        relay.move(from: source, to: composing(), limits: session.snapshot.limits)
    }

    /// Says that the body is whole, where its end isn't known otherwise.
    func end() {
        if writesChunks { composing().append("0\r\n\r\n") }
    }

    // MARK: Towards the client

    /// Hands what was composed to the TLS session. Nil when all of it is with the kernel.
    func deliver() -> Step? {
        while let reply, !reply.isEmpty {
            if let obstacle = seal(reply) { return obstacle }
        }
        releaseReply()
        guard connection.tls.hasUnsentBytes else { return nil }
        return noting { connection.tls.flush() }
    }

    /// Gives back what was composed in.
    func releaseReply() {
        if let reply = reply.take() { connection.buffers.give(reply) }
    }

    private func seal(_ source: Buffer, bytesMax: Int = .max) -> Step? {
        let before = source.count
        defer { bytesOut += UInt64(before - source.count) }
        return noting { connection.tls.write(source, limit: bytesMax) }
    }

    /// What `send` brings to the socket is progress.
    private func noting(_ send: () -> TLSStream.FlushOutcome) -> Step? {
        let sentBefore = connection.tls.sentBytes
        let outcome = send()
        let count = connection.tls.sentBytes - sentBefore
        if count > 0 {
            lastSent = connection.loop.now
            takingFloor.note(count, now: lastSent)
        }
        switch outcome {
        case .done: return nil
        case .wouldBlock: return .blocked(downstream: [.writable])
        case .failed: return .failed(.clientGone)
        }
    }

    /// Memory to compose in.
    private func composing() -> Buffer {
        if let reply { return reply }
        let buffer = connection.buffers.take()
        reply = buffer
        return buffer
    }
}
