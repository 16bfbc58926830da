/// A client's connection as bytes: socket, TLS, what was read and not used yet, waiting, and an end that cuts nothing short unseen.
///
/// ```
///   handshake ─▶ fill, write, … ─▶ close(how)
/// ```
///
/// Knows nothing of what the bytes mean. Holds a buffer only while there is something in it.
final class ClientConnection {
    let socket: Socket
    let tls: TLSStream
    let waiter: Waiter
    let loop: EventLoop
    let buffers: BufferPool
    /// Plaintext from the client that hasn't been used up.
    private(set) var input: Buffer?
    /// The client has said that it sends nothing more (close_notify); what it is owed it still gets, unless it `isGone`.
    private(set) var hasEnded = false
    /// We have said it.
    var hasSaidEnd = false
    var delivery = DeliveryWatch()
    /// How long what was sent may stay without an acknowledgement of the client's kernel.
    var unacknowledgedMilliseconds: Int

    /// Takes over the socket, also when it throws.
    init(
        over socket: Socket, context: TLSContext, loop: EventLoop, buffers: BufferPool, unacknowledgedMilliseconds: Int
    ) throws(SystemError) {
        self.socket = socket
        self.loop = loop
        self.buffers = buffers
        self.unacknowledgedMilliseconds = unacknowledgedMilliseconds
        waiter = Waiter(on: loop)
        guard let tls = TLSStream(socket, context: context, pool: buffers) else {
            socket.close()
            throw SystemError("begin a TLS session", code: 0)
        }
        self.tls = tls
        socket.waiter = waiter
    }

    /// Nil when it has succeeded.
    func handshake(until deadline: Instant) async -> TLSFailure? {
        while true {
            switch tls.handshake() {
            case .done: return nil
            case .failed(let failure): return failure
            case .wouldBlock: break
            }
            switch await suspend(for: tls.hasUnsentBytes ? [.readable, .writable] : [.readable], until: deadline) {
            case .ready: continue
            case .deadlineExceeded: return System.transmission(of: socket.descriptor)?.isLost == true ? .unacknowledged : .timeout
            case .aborted: return .drained
            }
        }
    }

    // MARK: Input

    var hasInput: Bool {
        guard let input else { return false }
        return !input.isEmpty
    }

    /// Nothing more has come from the client.
    var isQuiet: Bool { !socket.isReadable && !hasInput }

    /// Reads what the client sent into `input`, taking a buffer when there is none.
    func fill() -> TLSStream.ReadOutcome {
        guard !hasEnded else { return .closed }
        let buffer = input ?? buffers.take()
        input = buffer
        let outcome = tls.read(into: buffer)
        if outcome == .closed { hasEnded = true }
        return outcome
    }

    /// Puts what hasn't been used to the front, or lets go of the buffer.
    func compactInput() {
        input?.compact()
        releaseInput()
    }

    func releaseInput() {
        if input?.isEmpty ?? false { discardInput() }
    }

    /// Lets go of the buffer, whatever is in it.
    func discardInput() {
        if let input = input.take() { buffers.give(input) }
    }

    /// A copy of the first so many bytes of `input`'s memory, used up before, which the rest takes the place of.
    func detachUsed(_ byteCount: Int) -> Buffer {
        let copy = Buffer(capacity: byteCount)
        if let input { copy.append(input.bytes.extracting(first: byteCount)) }
        compactInput()
        return copy
    }
}
