extension Exchange {
    /// The log's line.
    func record() {
        let now = worker.loop.now
        verdict.status = stream.status
        verdict.bytesIn = stream.bytesIn + (tunnel?.bytesIn ?? 0)
        verdict.bytesOut = stream.bytesOut + (tunnel?.bytesOut ?? 0)
        verdict.httpVersion = stream.head.version == .http10 ? .http10 : .http11
        verdict.durationNanoseconds = now.nanoseconds(since: session.requestBegan)
        if let upstreamBegan { verdict.upstreamNanoseconds = (receiver.headArrived ?? now).nanoseconds(since: upstreamBegan) }
        verdict.endedMilliseconds = worker.loop.wallMilliseconds
        hold.pool?.answers.count(upstream: verdict)
        let upstream = hold.pool?.target.name ?? ""
        let log = session.snapshot.log
        let head = stream.head
        let path = log.query ? head.target : head.path
        let (identifier, input) = (stream.identifier, stream.headBytes)
        let dropped = stream.dropped.told()
        let cipher = log.fields.contains(.cipher) ? session.cipher : []
        worker.journal.request(
            verdict,
            VerdictTexts(
                id: identifier.bytes, method: input.bytes.bytes(head.methodRange), path: input.bytes.bytes(path),
                upstream: upstream.utf8.span, host: input.bytes.bytes(head.host), dropped: dropped.span,
                userAgent: input.bytes.bytes(userAgent), cipher: cipher.span, trace: input.bytes.bytes(trace)))
    }
}
