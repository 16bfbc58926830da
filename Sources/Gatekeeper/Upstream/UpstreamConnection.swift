/// One connection to the ticket system, in clear or TLS, used by one exchange at a time, kept open between them.
final class UpstreamConnection {
    let socket: Socket
    /// Nil in clear.
    let tls: TLSStream?
    /// By which it was asked for where the request said so; it carries requests for that name alone.
    let serverName: String?
    /// Whom the ticket system sees at its other end; nil where it is ourselves.
    let shown: ShownClient?
    /// Where it leads.
    let address: ConnectAddress
    /// Of a UNIX socket's path, as it was when this was connected.
    var stamp: FileStamp?
    /// As `UpstreamTarget.currentEpoch`, when it was last known to be good.
    var epoch: UInt64 = 0
    /// Whose requests it carries: never another's.
    private(set) var source = PeerAddress(high: 0, low: 0)
    /// It may be known to the ticket system as somebody: it carries the requests of one connection of a client and no other's.
    var isBound = false
    /// Of `IdleConnections`, which alone writes them.
    var idleIndex = -1
    var shelf = -1
    /// Where it is counted; nil once it is over.
    private(set) var pool: UpstreamPool?
    /// Responses that have come in whole over it.
    var exchanges = 0
    /// Since when it lies in the pool: when its last answer had come in whole.
    var idleSince = Instant(nanoseconds: 0)

    init(
        _ socket: Socket, tls: TLSStream? = nil, to address: ConnectAddress = .unix(""), serverName: String? = nil,
        shown: ShownClient? = nil
    ) {
        self.serverName = serverName
        self.shown = shown
        self.socket = socket
        self.tls = tls
        self.address = address
    }

    /// From here on it takes one of the slots that `pool` gives to `source`.
    func occupy(slotOf pool: UpstreamPool, for source: PeerAddress) {
        self.pool = pool
        self.source = source
    }

    /// Its slot has been given to somebody else.
    func leaveSlot() {
        pool = nil
    }

    private func vacate() {
        guard let pool else { return }
        self.pool = nil
        pool.slotFreed(by: source)
    }

    /// Whether it has carried an exchange before: then its peer may have closed it while our bytes were on their way.
    var isReused: Bool { exchanges > 0 }

    /// Why TLS may be to blame for its end, when it has ended before its first response.
    var objection: UpstreamTLSFailure? {
        guard !isReused, let tls else { return nil }
        return UpstreamTLSFailure(endOf: tls)
    }

    // MARK: Bytes

    /// A `receive` may bring something, or an end.
    var isReadable: Bool { socket.isReadable || tls?.hasNews ?? false }

    /// Reads into the room of `buffer`, at most `limit` bytes. An end over TLS is one only with close_notify; any other may be somebody's cut.
    func receive(into buffer: Buffer, limit: Int = .max) -> System.Transfer {
        guard let tls else { return socket.receive(into: buffer, limit: limit) }
        return switch tls.read(into: buffer, limit: limit) {
        case .bytes(let count): .bytes(count)
        case .wouldBlock: .wouldBlock
        case .closed: .endOfStream
        case .failed: .failed(0)
        }
    }

    /// Sends from the front of `buffer`, at most `limit` bytes, and consumes what was taken. Over TLS what was taken may still wait to be
    /// flushed.
    func send(_ buffer: Buffer, limit: Int = .max) -> System.Transfer {
        guard let tls else { return socket.send(buffer, limit: limit) }
        let before = buffer.count
        let outcome = tls.write(buffer, limit: limit)
        if outcome == .failed { return .failed(0) }
        return before > buffer.count ? .bytes(before - buffer.count) : .wouldBlock
    }

    /// Sends what TLS still holds.
    func flush() -> TLSStream.FlushOutcome { tls?.flush() ?? .done }

    /// No more from us; reading goes on.
    func endWriting() {
        tls?.sendCloseNotify()
        System.shutdownWriting(socket.descriptor)
    }

    /// Ends it wherever it stands: over TLS without close_notify, so that nothing cut short looks whole.
    func close() {
        socket.close()
        vacate()
    }

    /// Ends it after a request that has failed. What the kernel couldn't deliver goes as well: with a FIN behind it, it would be tried for minutes,
    /// and a ticket would arrive behind our answer that it was lost, and behind whatever the client sent in its place.
    func abandon() {
        if System.transmission(of: socket.descriptor)?.isLost == true { socket.reset() }
        close()
    }

    /// Ends it between two exchanges.
    func retire() {
        tls?.sendCloseNotify()
        close()
    }

    // MARK: Idle

    /// Whether nothing has arrived that belongs to no request of ours. Records of TLS itself (a ticket, new keys) are taken note of and are
    /// nothing.
    ///
    /// With `certain` the kernel is asked once more, because epoll may not have been looked at since something came.
    func isClean(certain: Bool, pool: BufferPool) -> Bool {
        guard let tls else { return !socket.isReadable && !(certain && socket.hasUnreadInput()) }
        if certain, socket.hasUnreadInput() { socket.readiness.insert(.readable) }
        guard isReadable else { return true }
        let scratch = pool.take()
        defer { pool.give(scratch) }
        return tls.read(into: scratch) == .wouldBlock && !socket.peerClosed
    }
}
