/// The request's way: client → `outbound` → upstream, as far as both sockets allow, nothing buffered whole.
///
/// ```
///   head, written by us ─┐
///   body bytes that came with the head ─┴▶ outbound ─▶ one send
///   then  length:   input ─────────────────────────▶ send        (no copy)
///         chunked:  input ─▶ scanner ─▶ outbound in our own chunks ─▶ send
/// ```
///
/// With `request_buffering` a chunked body is collected first and leaves with its length.
final class RequestSender {
    enum Body {
        case complete
        case length(remaining: UInt64)
        case chunked(ChunkRelay)
        case collecting(CollectedBody)
        /// Collected; sent up to `offset`, in chunks where more may follow that can be read once this is through.
        case spooled(offset: Int, Continuation)
    }

    /// How a body goes on whose beginning lies in the spool.
    enum Continuation {
        /// It has a length, and all of it lies there.
        case none
        /// It is sent in chunks, and all of it lies there.
        case lastChunk
        case chunks(ChunkRelay)
    }

    let session: ClientSession
    let connection: ClientConnection
    private let head: RequestHead
    let outbound: Buffer
    var body: Body
    /// What lies on the disk of a body that is collected; nil of any other.
    let spooled: SpooledBytes?
    /// Body bytes taken from the client so far.
    var bodyBytes: UInt64 = 0
    /// Some of what was sent may have been taken by TLS, and not yet by the socket.
    private var isUnflushed = false
    /// Everything sent so far is still in `outbound`, so it can be sent again.
    private(set) var isReplayable = true
    private(set) var sent = RetryRule.Sent.nothing
    /// What is sent is framed in chunks, as far as is known.
    var sendsChunks: Bool
    /// Wire bytes taken from the client, head included.
    var bytesIn: UInt64
    /// When a byte last moved.
    var progressed: Instant
    /// Whether the client sends its body fast enough.
    private(set) var rateFloor: RateFloor

    /// What its sender may miss of the request.
    var dropped: DroppedFields

    /// A body this small is waited for before a connection to the ticket system is taken: who sends it slowly holds nothing but its own. It
    /// leaves with the head in one segment, and can be sent again.
    let isSmall: Bool

    private static let firstBodyBytesMax = 16 << 10
    /// What frames a chunk, and the last one behind it.
    private static let chunkFrameBytes = 32
    /// From this length on a body is worth larger reads.
    private static let bulkBytesMin: UInt64 = 128 << 10

    /// - Parameters:
    ///   - collecting: collect a chunked body by this rule before anything is sent.
    ///   - dropped: what its sender may miss of the head.
    init(
        _ head: RequestHead, on session: ClientSession, outbound: Buffer, collecting: CollectingRule? = nil,
        dropped: DroppedFields = DroppedFields()
    ) {
        self.head = head
        self.dropped = dropped
        self.session = session
        connection = session.connection
        self.outbound = outbound
        bytesIn = UInt64(head.byteCount)
        sendsChunks = head.framing == .chunked && collecting == nil
        progressed = connection.loop.now
        rateFloor = RateFloor(session.snapshot, now: progressed)
        // Who waits for a 100 gets the upstream's word before its body.
        isSmall = if case .length(0...UInt64(Self.firstBodyBytesMax)) = head.framing { !head.expectsContinue } else { false }
        spooled = collecting == nil ? nil : session.makeSpooledBytes()
        switch head.framing {
        case .none, .untilClose, .length(0): body = .complete
        case .length(let count):
            body = .length(remaining: count)
            if count >= Self.bulkBytesMin { connection.tls.expectBulk(true) }
        case .chunked:
            let limit = session.snapshot.limits.requestBodyBytesMax
            if let collecting, let spooled {
                body = .collecting(
                    CollectedBody(
                        collecting, bodyBytesMax: limit, passesUnderscores: session.snapshot.passesUnderscores, spooled: spooled,
                        pool: connection.buffers))
            } else {
                let passesUnderscores = session.snapshot.passesUnderscores
                body = .chunked(ChunkRelay(bodyBytesMax: UInt64(limit), writesChunks: true, passesUnderscores: passesUnderscores))
            }
        }
    }

    /// The client has sent its whole request and we have read it.
    var isBodyRead: Bool {
        switch body {
        case .complete, .spooled(_, .none), .spooled(_, .lastChunk): true
        case .length, .chunked, .collecting, .spooled(_, .chunks): false
        }
    }

    /// All that is left to send is here, and could be sent again.
    var isWhole: Bool {
        if case .complete = body { isReplayable } else { false }
    }

    /// The upstream has the whole request.
    var isComplete: Bool {
        if case .complete = body { outbound.isEmpty && !isUnflushed } else { false }
    }

    /// Nothing is to be sent before `collect` says so.
    var isCollecting: Bool {
        switch body {
        case .collecting: true
        case .length: isSmall
        case .complete, .chunked, .spooled: false
        }
    }

    /// By when the disk must have done what it is being waited for; nil while it isn't.
    var spoolDeadline: Instant? { spooled?.deadline }

    /// It isn't the client that is being waited for.
    func excuseClient() {
        rateFloor.restart(now: connection.loop.now)
    }

    /// The disk has done what it was asked, and nobody has looked yet: it won't ring again.
    var hasSpoolNews: Bool { spooled?.hasNews ?? false }

    /// What waits here lies in no more memory than it needs, or (false) may grow again.
    func park(_ isParked: Bool) {
        // What the disk reads into is the spool's until it has been looked at.
        guard isCollecting || !(spooled?.isBusy ?? false) else { return }
        outbound.park(isParked, in: connection.buffers)
    }

    /// Sends everything again, over another connection. Only while `isReplayable`.
    func replay() {
        outbound.restart()
        sent = .nothing
        progressed = connection.loop.now
    }

    /// The exchange is over: gives the buffer back.
    func release() {
        // What the disk still reads into is nobody else's buffer.
        if !(spooled?.isBusy ?? false) || isCollecting { connection.buffers.give(outbound) }
        spooled?.end()
        connection.tls.expectBulk(false)
    }

    /// Adds the body bytes that came with the head to what will leave with it. Once, before the first `push`.
    func takeWhatCame() -> Step? {
        guard let input = connection.input, !input.isEmpty else { return nil }
        switch body {
        case .complete, .collecting, .spooled:
            return nil
        case .length(let remaining):
            session.expectation.bodyBegan()
            let count = Int(min(UInt64(min(input.count, Self.firstBodyBytesMax)), remaining))
            outbound.append(input.readable.extracting(first: count))
            input.consume(count)
            account(count, of: remaining)
            return nil
        case .chunked:
            session.expectation.bodyBegan()
            return frameChunks(from: input)
        }
    }

    /// Moves request bytes until something blocks.
    func push(to upstream: UpstreamConnection) -> Step {
        for _ in 0..<Step.budget {
            if let spooled, spooled.isBusy, let obstacle = passSpool() { return obstacle }
            if !outbound.isEmpty, let obstacle = flush(to: upstream) { return obstacle }
            if case .complete = body { return finishSending(to: upstream) }
            if case .spooled = body {
                if let obstacle = passSpool() { return obstacle }
                continue
            }
            if connection.input?.isEmpty ?? true, let obstacle = readInput() { return obstacle }
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
            isUnflushed = true
            note(sent: bodyBytes > 0 || isBodyRead ? .body : .headOnly)
            return outbound.isEmpty ? nil : .blocked(upstream: [.writable])
        case .wouldBlock:
            return .blocked(upstream: [.writable])
        case .endOfStream, .failed:
            return .failed(.upstreamClosed)
        }
    }

    func readInput() -> Step? {
        connection.input?.rewind(to: head.byteCount)
        switch connection.fill() {
        case .bytes(let count):
            session.expectation.bodyBegan()
            progressed = connection.loop.now
            rateFloor.note(UInt64(count), now: progressed)
            return nil
        case .wouldBlock: return .blocked(downstream: [.readable])
        case .closed, .failed: return .failed(.clientGone)
        }
    }

    /// Passes on what is in `input`: a body of known length straight to the socket, chunks by way of `outbound`.
    private func passBody(to upstream: UpstreamConnection) -> Step? {
        guard let input = connection.input, !input.isEmpty else { return nil }
        isReplayable = false
        switch body {
        case .complete, .collecting, .spooled:
            return nil
        case .chunked:
            outbound.clear()
            return frameChunks(from: input)
        case .length(let remaining):
            let before = input.count
            switch upstream.send(input, limit: Int(clamping: remaining)) {
            case .bytes:
                isUnflushed = true
                note(sent: .body)
                account(before - input.count, of: remaining)
                return nil
            case .wouldBlock: return .blocked(upstream: [.writable])
            case .endOfStream, .failed: return .failed(.upstreamClosed)
            }
        }
    }

    /// Begins to fetch the next piece from the spool, or takes the one that has come into `outbound`.
    private func passSpool() -> Step? {
        guard let spooled, case .spooled(let offset, let continuation) = body else { return nil }
        let isChunked = if case .none = continuation { false } else { true }
        switch spooled.look() {
        case .underWay: return .blocked()
        case .failed: return .failed(.spoolFailed)
        case .idle:
            isReplayable = false
            outbound.clear()
            let count = min(spooled.count - offset, outbound.capacity - Self.chunkFrameBytes)
            if isChunked { outbound.beginChunk(count) }
            spooled.read(at: offset, count: count, into: outbound, until: spoolDeadlineFromNow)
            body = .spooled(offset: offset + count, continuation)
            return .blocked()
        case .done:
            if isChunked { outbound.append("\r\n") }
            guard offset == spooled.count else { return nil }
            switch continuation {
            case .none: body = .complete
            case .lastChunk:
                outbound.append("0\r\n\r\n")
                body = .complete
            case .chunks(let relay): body = .chunked(relay)
            }
            return nil
        }
    }

    var spoolDeadlineFromNow: Instant {
        connection.loop.now.advanced(byMilliseconds: session.snapshot.timeouts.bodyMilliseconds)
    }

    // MARK: Chunks

    /// Turns the client's chunks in `input` into our own in `outbound`, as many as fit. Nil to go on; a refusal ends it.
    private func frameChunks(from input: Buffer) -> Step? {
        guard case .chunked(var relay) = body else { return nil }
        let before = input.count
        let outcome = relay.move(from: input, to: outbound, limits: session.snapshot.limits)
        let count = UInt64(before - input.count)
        bodyBytes += count
        bytesIn += count
        switch outcome {
        case .more: body = .chunked(relay)
        case .complete:
            relay.tell(&dropped)
            body = .complete
        case .refused(let refusal): return .failed(.refused(refusal))
        }
        return nil
    }

    private func note(sent: RetryRule.Sent) {
        self.sent = sent
        progressed = connection.loop.now
    }

    private func account(_ count: Int, of remaining: UInt64) {
        bodyBytes += UInt64(count)
        bytesIn += UInt64(count)
        body = remaining == UInt64(count) ? .complete : .length(remaining: remaining - UInt64(count))
    }
}
