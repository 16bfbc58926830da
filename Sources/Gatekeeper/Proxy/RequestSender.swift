/// The request's way: what is read of it → `outbound` → upstream, as far as both sockets allow, nothing buffered whole.
///
/// ```
///   head, written by us ─┐
///   body bytes that came with the head ─┴▶ outbound ─▶ one send
///   then  length:   stream ────────────────────────▶ send        (no copy)
///         chunked:  stream ─▶ outbound in our own chunks ─▶ send
/// ```
///
/// With `request_buffering` a chunked body is collected first and leaves with its length.
final class RequestSender {
    /// Where the rest of the body comes from.
    enum BodySource {
        case stream
        case collecting(CollectedBody)
        /// Collected; sent up to `offset`, in chunks where more may follow that can be read once this is through.
        case spool(offset: Int, Continuation)
    }

    /// How a body goes on whose beginning lies in the spool.
    enum Continuation {
        /// It has a length, and all of it lies there.
        case none
        /// It is sent in chunks, and all of it lies there.
        case lastChunk
        /// The rest is read in chunks.
        case stream
    }

    let stream: RequestStream
    let worker: WorkerContext
    let outbound: Buffer
    var bodySource = BodySource.stream
    /// What lies on the disk of a body that is collected; nil of any other.
    let spooled: SpooledBytes?
    /// Some of what was sent may have been taken by TLS, and not yet by the socket.
    private var isUnflushed = false
    /// Everything sent so far is still in `outbound`, so it can be sent again.
    private(set) var isReplayable = true
    private(set) var sent = RetryRule.Sent.nothing
    /// What is sent is framed in chunks, as far as is known.
    var sendsChunks: Bool
    /// When a byte last left.
    var lastSent: Instant

    /// A body this small is waited for before a connection to the ticket system is taken: who sends it slowly holds nothing but its own. It
    /// leaves with the head in one segment, and can be sent again.
    let isSmall: Bool

    private static let firstBodyBytesMax = 16 << 10
    /// What frames a chunk, and the last one behind it.
    private static let chunkFrameBytes = 32

    /// - Parameters:
    ///   - outbound: holds the head.
    ///   - collected: where a chunked body is collected before anything is sent.
    init(_ stream: RequestStream, outbound: Buffer, collecting collected: CollectedBody? = nil, worker: WorkerContext) {
        self.stream = stream
        self.worker = worker
        self.outbound = outbound
        sendsChunks = stream.isChunked && collected == nil
        lastSent = stream.lastReceived
        // Who waits for a 100 gets the upstream's word before its body.
        isSmall =
            if case .length(0...UInt64(Self.firstBodyBytesMax)) = stream.head.framing { !stream.head.expectsContinue } else { false }
        spooled = collected?.spooled
        if let collected { bodySource = .collecting(collected) }
    }

    /// All that is left to send is here, and could be sent again.
    var isWhole: Bool { isEverythingHere && isReplayable }

    /// The upstream has the whole request.
    var isComplete: Bool { isEverythingHere && outbound.isEmpty && !isUnflushed }

    /// Nothing is left of the body but what lies in `outbound`.
    private var isEverythingHere: Bool {
        if case .stream = bodySource { stream.isBodyRead } else { false }
    }

    /// Nothing is to be sent before `collect` says so.
    var isCollecting: Bool {
        switch bodySource {
        case .collecting: true
        case .stream: isSmall && !stream.isBodyRead
        case .spool: false
        }
    }

    /// When a byte last moved.
    var progressed: Instant { max(lastSent, stream.lastReceived) }

    /// By when the disk must have done what it is being waited for; nil while it isn't.
    var spoolDeadline: Instant? { spooled?.deadline }

    /// The disk has done what it was asked, and nobody has looked yet: it won't ring again.
    var hasSpoolNews: Bool { spooled?.hasNews ?? false }

    /// What waits here lies in no more memory than it needs, or (false) may grow again.
    func park(_ isParked: Bool) {
        // What the disk reads into is the spool's until it has been looked at.
        guard isCollecting || !(spooled?.isBusy ?? false) else { return }
        outbound.park(isParked, in: worker.buffers)
    }

    /// Sends everything again, over another connection. Only while `isReplayable`.
    func replay() {
        outbound.restart()
        sent = .nothing
        lastSent = worker.loop.now
    }

    /// The exchange is over: gives the buffer back.
    func release() {
        // What the disk still reads into is nobody else's buffer.
        if !(spooled?.isBusy ?? false) || isCollecting { worker.buffers.give(outbound) }
        spooled?.end()
    }

    /// Adds the body bytes that came with the head to what will leave with it. Once, before the first `push`.
    func takeWhatCame() -> Step? {
        guard case .stream = bodySource else { return nil }
        return take(bytesMax: Self.firstBodyBytesMax)
    }

    /// Moves what has come of the body to `outbound`.
    func take(bytesMax: Int) -> Step? {
        if case .refused(let refusal) = stream.moveBody(to: outbound, bytesMax: bytesMax) { return .failed(.refused(refusal)) }
        return nil
    }

    /// Moves request bytes until something blocks.
    func push(to upstream: UpstreamConnection) -> Step {
        for _ in 0..<Step.budget {
            if let spooled, spooled.isBusy, let obstacle = passSpool() { return obstacle }
            if !outbound.isEmpty, let obstacle = flush(to: upstream) { return obstacle }
            if isEverythingHere { return finishSending(to: upstream) }
            if case .spool = bodySource {
                if let obstacle = passSpool() { return obstacle }
                continue
            }
            if !stream.hasInput, let obstacle = stream.receive() { return obstacle }
            if let obstacle = passBody(to: upstream) { return obstacle }
        }
        return .budgetSpent
    }

    /// What TLS holds back goes too.
    private func finishSending(to upstream: UpstreamConnection) -> Step {
        switch upstream.flush() {
        case .done:
            isUnflushed = false
            return .done
        case .wouldBlock:
            isUnflushed = true
            return .blocked(upstream: [.writable])
        case .failed: return .failed(.upstreamClosed)
        }
    }

    private func flush(to upstream: UpstreamConnection) -> Step? {
        switch upstream.send(outbound) {
        case .bytes:
            note(sent: stream.bodyBytes > 0 || stream.isBodyRead ? .body : .headOnly)
            return outbound.isEmpty ? nil : .blocked(upstream: [.writable])
        case .wouldBlock:
            return .blocked(upstream: [.writable])
        case .endOfStream, .failed:
            return .failed(.upstreamClosed)
        }
    }

    /// Passes on what has come: a body of known length straight to the socket, chunks by way of `outbound`.
    private func passBody(to upstream: UpstreamConnection) -> Step? {
        guard stream.hasInput else { return nil }
        isReplayable = false
        if stream.isChunked {
            outbound.clear()
            return take(bytesMax: .max)
        }
        switch stream.passBody({ upstream.send($0, limit: $1) }) {
        case .bytes:
            note(sent: .body)
            return nil
        case .wouldBlock: return .blocked(upstream: [.writable])
        case .endOfStream, .failed: return .failed(.upstreamClosed)
        }
    }

    private func note(sent: RetryRule.Sent) {
        isUnflushed = true
        self.sent = sent
        lastSent = worker.loop.now
    }

    // MARK: The spool

    /// Begins to fetch the next piece from the spool, or takes the one that has come into `outbound`.
    private func passSpool() -> Step? {
        guard let spooled, case .spool(let offset, let continuation) = bodySource else { return nil }
        let isChunked = if case .none = continuation { false } else { true }
        switch spooled.look() {
        case .underWay: return .blocked()
        case .failed: return .failed(.spoolFailed)
        case .idle:
            isReplayable = false
            outbound.clear()
            let count = min(spooled.count - offset, outbound.capacity - Self.chunkFrameBytes)
            if isChunked { outbound.beginChunk(count) }
            spooled.read(at: offset, count: count, into: outbound, now: worker.loop.now)
            bodySource = .spool(offset: offset + count, continuation)
            return .blocked()
        case .done:
            if isChunked { outbound.append("\r\n") }
            guard offset == spooled.count else { return nil }
            if case .lastChunk = continuation { outbound.append("0\r\n\r\n") }
            bodySource = .stream
            return nil
        }
    }
}
