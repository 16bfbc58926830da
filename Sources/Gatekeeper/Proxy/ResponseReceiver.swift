/// The response's way: upstream → `inbound` → client, as far as both sockets allow, nothing buffered whole.
///
/// ```
///   head ─ parsed, written anew ─┐
///   body bytes that came with it ─┴▶ reply ─▶ one TLS record, one send
///   then  length, until close to an HTTP/1.0 client:  inbound ─────────▶ TLS   (no copy)
///         chunked, or until close to HTTP/1.1:        inbound ─▶ reply in our own chunks ─▶ TLS
/// ```
final class ResponseReceiver {
    enum State {
        case head
        case body(Source)
        case complete
    }

    enum Source {
        case length(remaining: UInt64)
        case chunked(ChunkRelay)
        case untilClose
    }

    let session: ClientSession
    let connection: ClientConnection
    let request: RequestHead
    /// What `request` was parsed from.
    let requestBytes: Buffer
    private let requestIdentifier: ExchangeIdentifier
    /// Of the WebSocket that the request asks for.
    let webSocketKey: ByteRange?
    /// Whose response it is.
    var target: UpstreamTarget?
    var heads = HeadReader<ResponseHeadParser>()
    /// From the upstream; a buffer only while something is in it.
    var inbound: Buffer?
    /// Plaintext that we composed for the client: heads, chunks, answers of our own.
    private var reply: Buffer?
    var state = State.head
    var writesChunks = false
    var interimResponses = 0
    var requestIsSent = false

    /// Of the final response; 0 until its head has been parsed.
    var status: UInt16 = 0
    /// The final head is on its way: from here on an answer of ours can't replace it.
    var hasBegun: Bool { status != 0 }
    /// The upstream is ready for another request when this response has been read; it asks for a login that belongs to its connection.
    var (upstreamPersists, asksForIdentity) = (false, false)
    /// The client was told that the connection stays open.
    var clientPersists = false
    private(set) var bytesOut: UInt64 = 0
    /// When a byte last moved; while a head comes, when it began: one that drips in would keep both connections for as long as it likes.
    private(set) var progressed: Instant
    /// Whether the client takes its answer fast enough.
    private(set) var rateFloor: RateFloor
    /// When the final head was there.
    var headArrived: Instant?
    /// A byte of any response has come in.
    private(set) var hasReceived = false
    /// The last time a whole unit came in.
    private var isBulk = false

    /// A TLS record holds this much; head and first body bytes fill at most one.
    static let recordBytesMax = 16 << 10
    /// What one chunk of ours holds: fits `reply` with its size line and the last chunk.
    private static let chunkBytesMax = 64 << 10

    init(
        _ request: RequestHead, in requestBytes: Buffer, identifier: ExchangeIdentifier, webSocketKey: ByteRange?,
        on session: ClientSession
    ) {
        self.webSocketKey = webSocketKey
        self.request = request
        self.requestBytes = requestBytes
        self.session = session
        connection = session.connection
        requestIdentifier = identifier
        progressed = connection.loop.now
        rateFloor = RateFloor(session.snapshot, now: progressed)
    }

    /// It isn't the client that is being waited for.
    func excuseClient() {
        rateFloor.restart(now: connection.loop.now)
    }

    /// The upstream has sent nothing beyond its response.
    var isClean: Bool { inbound?.isEmpty ?? true }

    /// The upstream has answered the request for a WebSocket with one.
    var hasSwitched: Bool { status == 101 }

    /// What the upstream has sent behind its 101, for whoever goes on from there.
    func takeInbound() -> Buffer? {
        defer { inbound = nil }
        return inbound
    }

    /// Forgets what a failed upstream connection sent, for the next attempt. Only before the final head.
    func restart() {
        if let inbound { connection.buffers.give(inbound) }
        inbound = nil
        heads.reset()
        hasReceived = false
        progressed = connection.loop.now
    }

    /// Gives the buffers back.
    func release() {
        if let inbound { connection.buffers.give(inbound) }
        if let reply { connection.buffers.give(reply) }
        (inbound, reply) = (nil, nil)
    }

    /// What waits here lies in no more memory than it needs, or (false) may grow again. Nobody remembers an offset in it.
    func park(_ isParked: Bool) {
        for buffer in [inbound, reply] {
            buffer?.compact()
            buffer?.park(isParked, in: connection.buffers)
        }
    }

    /// Moves response bytes until something blocks. `requestIsSent`: the upstream has the whole request.
    func pull(from upstream: UpstreamConnection, requestIsSent: Bool) -> Step {
        self.requestIsSent = requestIsSent
        let sentBefore = connection.tls.sentBytes
        defer { rateFloor.note(connection.tls.sentBytes - sentBefore, now: connection.loop.now) }
        for _ in 0..<Step.budget {
            if let obstacle = deliver() { return obstacle }
            let obstacle =
                switch state {
                case .complete: Step.done
                case .head: takeHead(from: upstream)
                case .body(let source): takeBody(source, from: upstream)
                }
            if let obstacle { return obstacle }
        }
        return .budgetSpent
    }

    // MARK: Towards the client

    /// Hands composed bytes to the TLS session. Nil when all are with the kernel.
    func deliver() -> Step? {
        let tls = connection.tls
        guard reply != nil || tls.hasUnsentBytes else { return nil }
        let sentBefore = tls.sentBytes
        defer { if tls.sentBytes != sentBefore { progressed = connection.loop.now } }
        while true {
            let outcome: TLSStream.FlushOutcome
            if let reply, !reply.isEmpty {
                let before = reply.count
                outcome = tls.write(reply)
                bytesOut += UInt64(before - reply.count)
            } else {
                if let reply { connection.buffers.give(reply) }
                reply = nil
                outcome = tls.flush()
            }
            switch outcome {
            case .wouldBlock: return .blocked(downstream: [.writable])
            case .failed: return .failed(.clientGone)
            case .done: if reply == nil { return nil }
            }
        }
    }

    /// Memory to compose in.
    func composing() -> Buffer {
        if let reply { return reply }
        let buffer = connection.buffers.take()
        reply = buffer
        return buffer
    }

    /// Answers with a problem of our own in place of a response (RFC 9457). Only before the final head.
    func answer(_ problem: Problem, persists: Bool) {
        status = problem.status
        clientPersists = persists
        state = .complete
        problem.write(
            identifier: requestIdentifier, to: request, persists: persists, date: session.worker.dateText.readable, into: composing())
    }

    /// Tells a client that waits for it to go on (RFC 9110 §10.1.1).
    func sendContinue() {
        composing().append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    // MARK: Body
    private func takeBody(_ source: Source, from upstream: UpstreamConnection) -> Step? {
        guard let inbound, !inbound.isEmpty else { return receive(from: upstream) }
        switch source {
        case .length(let remaining):
            let before = inbound.count
            let outcome = connection.tls.write(inbound, limit: Int(clamping: remaining))
            let count = before - inbound.count
            bytesOut += UInt64(count)
            noteBody(count, of: remaining)
            return obstacle(outcome)
        case .chunked(let relay):
            return takeChunks(relay, from: inbound)
        case .untilClose where writesChunks:
            let count = min(inbound.count, Self.chunkBytesMax)
            composing().appendChunk(inbound.readable.extracting(first: count))
            inbound.consume(count)
            return nil
        case .untilClose:
            let before = inbound.count
            let outcome = connection.tls.write(inbound)
            bytesOut += UInt64(before - inbound.count)
            return obstacle(outcome)
        }
    }

    private func takeChunks(_ relay: ChunkRelay, from inbound: Buffer) -> Step? {
        var relay = relay
        let outcome = relay.move(from: inbound, to: composing(), limits: session.snapshot.limits)
        progressed = connection.loop.now
        switch outcome {
        case .more: state = .body(.chunked(relay))
        case .complete: state = .complete
        case .refused(let refusal): return .failed(.upstreamInvalid(refusal))
        }
        return nil
    }

    private func obstacle(_ outcome: TLSStream.FlushOutcome) -> Step? {
        switch outcome {
        case .done: nil
        case .wouldBlock: .blocked(downstream: [.writable])
        case .failed: .failed(.clientGone)
        }
    }

    func noteBody(_ count: Int, of remaining: UInt64) {
        state = remaining == UInt64(count) ? .complete : .body(.length(remaining: remaining - UInt64(count)))
        progressed = connection.loop.now
    }

    // MARK: From the upstream

    func receive(from upstream: UpstreamConnection) -> Step? {
        guard upstream.isReadable else {
            releaseInbound()
            return .blocked(upstream: [.readable])
        }
        let buffer = inbound ?? connection.buffers.take()
        inbound = buffer
        if buffer.isEmpty { buffer.clear() } else if buffer.room == 0 { buffer.compact() }
        let unit = connection.unit(isBulk: isBulk)
        switch upstream.receive(into: buffer, limit: unit) {
        case .bytes(let count):
            hasReceived = true
            isBulk = count == unit
            if hasBegun { progressed = connection.loop.now }
            return nil
        case .wouldBlock:
            releaseInbound()
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
            if writesChunks { composing().append("0\r\n\r\n") }
            state = .complete
            return nil
        case .body: return .failed(.upstreamTruncated)
        }
    }

    private func releaseInbound() {
        guard let buffer = inbound, buffer.isEmpty else { return }
        connection.buffers.give(buffer)
        inbound = nil
    }
}
