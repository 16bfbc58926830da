/// The response's way: upstream → `inbound` → the stream that takes it to the client, as far as both sockets allow, nothing buffered whole.
final class ResponseReceiver {
    enum State {
        case head
        case body(Rest)
        case complete
    }

    /// What of the body hasn't come yet, as the ticket system frames it.
    enum Rest {
        case length(remaining: UInt64)
        case chunked(ChunkRelay)
        case untilClose
    }

    let stream: RequestStream
    let worker: WorkerContext
    /// Of the WebSocket that the request asks for.
    let webSocketKey: ByteRange?
    /// Whose response it is.
    var target: UpstreamTarget?
    var heads = HeadReader<ResponseHeadParser>()
    /// From the upstream; a buffer only while something is in it.
    var inbound: Buffer?
    var state = State.head
    var interimResponses = 0
    var requestIsSent = false

    /// The upstream is ready for another request when this response has been read; it asks for a login that belongs to its connection.
    var (upstreamPersists, asksForIdentity) = (false, false)
    /// When a byte last came; while a head comes, when it began: one that drips in would keep both connections for as long as it likes.
    private var lastReceived: Instant
    /// When the final head was there.
    var headArrived: Instant?
    /// A byte of any response has come in.
    private(set) var hasReceived = false
    /// The last time a whole unit came in.
    private var isBulk = false

    init(for stream: RequestStream, webSocketKey: ByteRange?, worker: WorkerContext) {
        self.stream = stream
        self.worker = worker
        self.webSocketKey = webSocketKey
        lastReceived = stream.lastSent
    }

    /// When a byte last moved.
    var progressed: Instant { max(lastReceived, stream.lastSent) }

    /// The upstream has sent nothing beyond its response.
    var isClean: Bool { inbound?.isEmpty ?? true }

    /// The upstream has answered the request for a WebSocket with one.
    var hasSwitched: Bool { stream.status == 101 }

    /// What the upstream has sent behind its 101, for whoever goes on from there.
    func takeInbound() -> Buffer? {
        inbound.take()
    }

    /// Forgets what a failed upstream connection sent, for the next attempt. Only before the final head.
    func restart() {
        release()
        heads.reset()
        hasReceived = false
        lastReceived = worker.loop.now
    }

    /// Gives the buffer back.
    func release() {
        if let inbound = inbound.take() { worker.buffers.give(inbound) }
    }

    /// What waits here lies in no more memory than it needs, or (false) may grow again. Nobody remembers an offset in it.
    func park(_ isParked: Bool) {
        inbound?.compact()
        inbound?.park(isParked, in: worker.buffers)
    }

    /// Moves response bytes until something blocks. `requestIsSent`: the upstream has the whole request.
    func pull(from upstream: UpstreamConnection, requestIsSent: Bool) -> Step {
        self.requestIsSent = requestIsSent
        for _ in 0..<Step.budget {
            if let obstacle = stream.deliver() { return obstacle }
            let obstacle =
                switch state {
                case .complete: Step.done
                case .head: takeHead(from: upstream)
                case .body(let rest): takeBody(rest, from: upstream)
                }
            if let obstacle { return obstacle }
        }
        return .budgetSpent
    }

    // MARK: Body

    private func takeBody(_ rest: Rest, from upstream: UpstreamConnection) -> Step? {
        guard let inbound, !inbound.isEmpty else { return receive(from: upstream) }
        switch rest {
        case .length(let remaining):
            let before = inbound.count
            let obstacle = stream.write(inbound, bytesMax: Int(clamping: remaining))
            noteBody(before - inbound.count, of: remaining)
            return obstacle
        case .chunked(var relay):
            let outcome = stream.write(chunks: &relay, from: inbound)
            lastReceived = worker.loop.now
            switch outcome {
            case .more: state = .body(.chunked(relay))
            case .complete: state = .complete
            case .refused(let refusal): return .failed(.upstreamInvalid(refusal))
            }
            return nil
        case .untilClose:
            return stream.write(inbound)
        }
    }

    func noteBody(_ count: Int, of remaining: UInt64) {
        state = remaining == UInt64(count) ? .complete : .body(.length(remaining: remaining - UInt64(count)))
        lastReceived = worker.loop.now
    }

    // MARK: From the upstream

    func receive(from upstream: UpstreamConnection) -> Step? {
        guard upstream.isReadable else {
            releaseEmpty()
            return .blocked(upstream: [.readable])
        }
        let buffer = inbound ?? worker.buffers.take()
        inbound = buffer
        if buffer.isEmpty { buffer.clear() } else if buffer.room == 0 { buffer.compact() }
        let unit = stream.unit(isBulk: isBulk)
        switch upstream.receive(into: buffer, limit: unit) {
        case .bytes(let count):
            hasReceived = true
            isBulk = count == unit
            if stream.hasBegun { lastReceived = worker.loop.now }
            return nil
        case .wouldBlock:
            releaseEmpty()
            return .blocked(upstream: [.readable])
        case .endOfStream:
            return upstreamEnded(upstream)
        case .failed:
            return .failed(cut(upstream))
        }
    }

    /// Why nothing more comes where something had to.
    private func cut(_ upstream: UpstreamConnection) -> ExchangeFailure {
        if hasReceived { return .upstreamTruncated }
        return upstream.objection.map { .upstreamUntrusted($0) } ?? .upstreamClosed
    }

    private func upstreamEnded(_ upstream: UpstreamConnection) -> Step? {
        switch state {
        case .complete: return nil
        case .head: return .failed(cut(upstream))
        case .body(.untilClose):
            stream.end()
            state = .complete
            return nil
        case .body: return .failed(.upstreamTruncated)
        }
    }

    private func releaseEmpty() {
        if inbound?.isEmpty ?? false { release() }
    }
}
