/// One request of a client as an exchange sees it: a head, a body to read, a response to write.
///
/// ```
///   client ── TLS ── HTTP/1.1 ──▶ body bytes ──▶ RequestSender
///   client ◀─ TLS ── HTTP/1.1 ◀── a response ◀── ResponseReceiver
/// ```
///
/// What carries it, and how HTTP/1.1 frames it on its way from and to the client, begins and ends here.
final class RequestStream {
    let session: ClientSession
    var connection: ClientConnection { session.connection }
    let head: RequestHead
    let identifier: ExchangeIdentifier
    /// What the head was parsed from.
    private(set) var headBytes: Buffer
    /// What the client waits for before it sends its body.
    var expectation: Expectation

    // MARK: Of the body

    /// What of the body hasn't been read yet, as the head frames it.
    enum Unread {
        case nothing
        case length(UInt64)
        case chunks(ChunkRelay)
    }

    var unread: Unread
    /// Body bytes read so far, as they are framed.
    var bodyBytes: UInt64 = 0
    /// When bytes of the body last came.
    var lastReceived: Instant
    /// Whether the client sends its body fast enough.
    var sendingFloor: RateFloor
    /// What its sender may miss of the request.
    var dropped: DroppedFields

    // MARK: Of the response

    /// Plaintext that is composed here: heads, chunks, answers of our own.
    var reply: Buffer?
    /// Of the final response; 0 before its head.
    var status: UInt16 = 0
    /// Chunks are what the rest of the response is written in.
    var writesChunks = false
    /// The client was told that the connection stays open.
    var clientPersists = false
    /// Of all responses, as framed inside TLS.
    var bytesOut: UInt64 = 0
    /// When bytes of a response last left.
    var lastSent: Instant
    /// Whether the client takes its answer fast enough.
    var takingFloor: RateFloor

    /// Right after `head` was parsed from the front of `headBytes`.
    ///
    /// - Parameters:
    ///   - bodyBytesMax: of a body in chunks; a longer one is refused.
    ///   - collects: the body's chunks are read as data alone, until `beginChunks`.
    ///   - dropped: what its sender may miss of the head.
    init(
        _ head: RequestHead, in headBytes: Buffer, identifier: ExchangeIdentifier, on session: ClientSession, bodyBytesMax: Int,
        collects: Bool, dropped: DroppedFields
    ) {
        self.session = session
        self.head = head
        self.identifier = identifier
        self.headBytes = headBytes
        self.dropped = dropped
        expectation = Expectation(head)
        unread =
            switch head.framing {
            case .none, .untilClose, .length(0): .nothing
            case .length(let count): .length(count)
            case .chunked:
                .chunks(
                    ChunkRelay(
                        bodyBytesMax: UInt64(bodyBytesMax), writesChunks: !collects, passesUnderscores: session.snapshot.passesUnderscores))
            }
        let now = session.worker.loop.now
        (lastReceived, lastSent) = (now, now)
        sendingFloor = RateFloor(session.snapshot, now: now)
        takingFloor = sendingFloor
        if case .length(Self.bulkBytesMin...) = unread { connection.tls.expectBulk(true) }
    }

    /// From this length on a body is worth larger reads.
    private static let bulkBytesMin: UInt64 = 128 << 10

    /// The exchange is over: gives the memory back.
    func release() {
        releaseReply()
        connection.tls.expectBulk(false)
    }

    /// Ends HTTP on the connection: what the head was parsed from makes room for what follows, and is kept for the log.
    func leaveHTTP() {
        headBytes = connection.detachUsed(head.byteCount)
    }

    /// Another request may follow on the connection, behind a whole response.
    var mayPersist: Bool { clientPersists && isBodyRead && !connection.hasEnded }
    /// All of the request has been read, and nothing follows it.
    var isQuiet: Bool { isBodyRead && connection.isQuiet }

    // MARK: Waiting

    /// Where its task waits, for whatever else it talks to.
    var waiter: Waiter { connection.waiter }
    /// The client has gone while it is owed an answer.
    var isGone: Bool { connection.isGone }
    /// Whether it went because the network lost it.
    var isUnreachable: Bool { connection.isUnreachable }
    /// The worker ends the connection now.
    var isAborted: Bool { waiter.isAborted }

    /// Whether one of these has come.
    func isReady(for interest: Readiness) -> Bool { !interest.isDisjoint(with: connection.socket.readiness) }

    /// Lets the worker's other tasks have a turn; false when the worker ends the connection.
    func yield() async -> Bool {
        await waiter.yield()
        return !isAborted
    }

    /// Waits for the client, and looks meanwhile whether what was sent to it arrives.
    func wait(for interest: Readiness, until deadline: Instant) async -> ClientConnection.Wake {
        await connection.suspendDelivering(for: interest, until: deadline)
    }

    /// Delivers what was composed; false when the client can't be given it in time.
    func deliver(until deadline: Instant) async -> Bool {
        while let obstacle = deliver() {
            connection.tls.releaseIdleMemory()
            guard case .blocked(let interest, _) = obstacle, await connection.suspend(for: interest, until: deadline) == .ready
            else { return false }
        }
        return true
    }

    /// What waits here lies in no more memory than it needs, or (false) may grow again. Nobody remembers an offset in the reply.
    func park(_ isParked: Bool) {
        connection.park(isParked)
        reply?.compact()
        reply?.park(isParked, in: connection.buffers)
    }
}
