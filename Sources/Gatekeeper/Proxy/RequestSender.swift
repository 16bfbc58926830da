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
    private enum Body {
        case complete
        case length(remaining: UInt64)
        case chunked(ChunkRelay)
        case collecting(CollectedBody)
        /// Collected; sent up to `offset`.
        case spooled(SpoolFile, offset: Int)
    }

    private let connection: DownstreamConnection
    private let head: RequestHead
    private let outbound: Buffer
    private var body: Body
    /// Body bytes taken from the client so far.
    private var bodyBytes: UInt64 = 0
    /// Taken by TLS, and not yet by the socket.
    private var isUnflushed = false
    /// Everything sent so far is still in `outbound`, so it can be sent again.
    private(set) var isReplayable = true
    private(set) var sent = RetryRule.Sent.nothing
    /// The client waits for a 100 before it sends its body (RFC 9110 §10.1.1), and has sent nothing of it.
    private(set) var awaitsContinue: Bool
    /// Wire bytes taken from the client, head included.
    private(set) var bytesIn: UInt64
    /// When a byte last moved.
    private(set) var progressed: Instant
    /// Whether the client sends its body fast enough.
    private(set) var pace: Pace

    /// A body this small is waited for before a connection to the ticket system is taken: who sends it slowly holds nothing but its own. It
    /// leaves with the head in one segment, and can be sent again.
    let isSmall: Bool

    private static let firstBodyBytesMax = 16 << 10
    /// From this length on a body is worth larger reads.
    private static let bulkBytesMin: UInt64 = 128 << 10

    /// - Parameter collectsUpTo: collect a chunked body of at most so many bytes before anything is sent.
    init(_ head: RequestHead, on connection: DownstreamConnection, outbound: Buffer, collectsUpTo bytesMax: Int? = nil) {
        self.head = head
        self.connection = connection
        self.outbound = outbound
        awaitsContinue = head.expectsContinue
        bytesIn = UInt64(head.byteCount)
        progressed = connection.worker.loop.now
        pace = Pace(connection.snapshot, now: progressed)
        // Who waits for a 100 gets the upstream's word before its body.
        isSmall = if case .length(0...UInt64(Self.firstBodyBytesMax)) = head.framing { !head.expectsContinue } else { false }
        switch head.framing {
        case .none, .untilClose, .length(0): body = .complete
        case .length(let count):
            body = .length(remaining: count)
            if count >= Self.bulkBytesMin { connection.tls.expectBulk(true) }
        case .chunked:
            if let bytesMax {
                let folder = connection.snapshot.spoolFolder
                body = .collecting(CollectedBody(bytesMax: bytesMax, folder: folder, pool: connection.worker.buffers))
                break
            }
            let limit = UInt64(connection.snapshot.limits.requestBodyBytesMax)
            body = .chunked(ChunkRelay(bodyBytesMax: limit, writesChunks: true))
        }
        if case .complete = body { awaitsContinue = false }
    }

    /// The client has sent its whole request and we have read it.
    var isBodyRead: Bool {
        switch body {
        case .complete, .spooled: true
        case .length, .chunked, .collecting: false
        }
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

    func continueWasSent() {
        awaitsContinue = false
        pace.restart(now: connection.worker.loop.now)
    }

    /// It isn't the client that is being waited for.
    func excuseClient() {
        pace.restart(now: connection.worker.loop.now)
    }

    /// Sends everything again, over another connection. Only while `isReplayable`.
    func replay() {
        outbound.restart()
        sent = .nothing
        progressed = connection.worker.loop.now
    }

    /// The exchange is over: gives the buffer back.
    func release() {
        connection.worker.buffers.give(outbound)
        connection.tls.expectBulk(false)
    }

    /// Adds the body bytes that came with the head to what will leave with it. Once, before the first `push`.
    func takeWhatCame() -> Step? {
        guard let input = connection.input, !input.isEmpty else { return nil }
        switch body {
        case .complete, .collecting, .spooled:
            return nil
        case .length(let remaining):
            awaitsContinue = false
            let count = Int(min(UInt64(min(input.count, Self.firstBodyBytesMax)), remaining))
            outbound.append(input.readable.extracting(first: count))
            input.consume(count)
            account(count, of: remaining)
            return nil
        case .chunked:
            awaitsContinue = false
            return frameChunks(from: input)
        }
    }

    /// Moves request bytes until something blocks.
    func push(to upstream: UpstreamConnection) -> Step {
        for _ in 0..<Step.budget {
            if !outbound.isEmpty, let obstacle = flush(to: upstream) { return obstacle }
            if case .complete = body { return finishSending(to: upstream) }
            if !isBodyRead, connection.input?.isEmpty ?? true, let obstacle = readInput() { return obstacle }
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
            note(sent: bodyBytes > 0 || isBodyRead ? .body : .headOnly)
            return outbound.isEmpty ? nil : .blocked(upstream: [.writable])
        case .wouldBlock:
            return .blocked(upstream: [.writable])
        case .endOfStream, .failed:
            return .failed(.upstreamClosed)
        }
    }

    private func readInput() -> Step? {
        connection.input?.rewind(to: head.byteCount)
        switch connection.fill() {
        case .bytes(let count):
            awaitsContinue = false
            progressed = connection.worker.loop.now
            pace.note(UInt64(count), now: progressed)
            return nil
        case .wouldBlock: return .blocked(downstream: [.readable])
        case .closed, .failed: return .failed(.clientGone)
        }
    }

    /// Passes on what is in `input`: a body of known length straight to the socket, chunks by way of `outbound`.
    private func passBody(to upstream: UpstreamConnection) -> Step? {
        if case .spooled(let file, let offset) = body { return passSpool(file, from: offset) }
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
                note(sent: .body)
                account(before - input.count, of: remaining)
                return nil
            case .wouldBlock: return .blocked(upstream: [.writable])
            case .endOfStream, .failed: return .failed(.upstreamClosed)
            }
        }
    }

    private func passSpool(_ file: SpoolFile, from offset: Int) -> Step? {
        isReplayable = false
        outbound.clear()
        do throws(SystemError) {
            try file.read(at: offset, into: outbound)
        } catch {
            return .failed(.spoolFailed)
        }
        let end = offset + outbound.count
        body = end == file.count ? .complete : .spooled(file, offset: end)
        return nil
    }

    // MARK: Collecting

    /// Reads the body until it is there whole; one without a length gets it now.
    func collect() -> Step {
        for _ in 0..<Step.budget {
            guard isCollecting else { return .done }
            if connection.input?.isEmpty ?? true, let obstacle = readInput() { return obstacle }
            guard let input = connection.input else { continue }
            guard case .collecting(let collected) = body else {
                _ = takeWhatCame()
                continue
            }
            let before = input.count
            let outcome = collected.collect(from: input, limits: connection.snapshot.limits)
            bodyBytes += UInt64(before - input.count)
            bytesIn += UInt64(before - input.count)
            switch outcome {
            case .more: continue
            case .complete: return finishCollecting(collected)
            case .refused(let refusal): return .failed(.refused(refusal))
            case .unwritable: return .failed(.spoolFailed)
            }
        }
        return .budgetSpent
    }

    private func finishCollecting(_ collected: CollectedBody) -> Step {
        HeadWriter.endRequest(bodyBytes: collected.count, into: outbound)
        switch collected.place(behind: outbound) {
        case .joined: body = .complete
        case .spooled(let file): body = .spooled(file, offset: 0)
        case .unwritable: return .failed(.spoolFailed)
        }
        progressed = connection.worker.loop.now
        return .done
    }

    // MARK: Chunks

    /// Turns the client's chunks in `input` into our own in `outbound`, as many as fit. Nil to go on; a refusal ends it.
    private func frameChunks(from input: Buffer) -> Step? {
        guard case .chunked(var relay) = body else { return nil }
        let before = input.count
        let outcome = relay.move(from: input, to: outbound, limits: connection.snapshot.limits)
        let count = UInt64(before - input.count)
        bodyBytes += count
        bytesIn += count
        switch outcome {
        case .more: body = .chunked(relay)
        case .complete: body = .complete
        case .refused(let refusal): return .failed(.refused(refusal))
        }
        return nil
    }

    private func note(sent: RetryRule.Sent) {
        self.sent = sent
        progressed = connection.worker.loop.now
    }

    private func account(_ count: Int, of remaining: UInt64) {
        bodyBytes += UInt64(count)
        bytesIn += UInt64(count)
        body = remaining == UInt64(count) ? .complete : .length(remaining: remaining - UInt64(count))
    }
}
