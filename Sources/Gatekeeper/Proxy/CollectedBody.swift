/// A chunked request body on its way to a ticket system that wants to know its length first (`upstream.request_buffering`).
///
/// Kept in one buffer, and in the spool when it outgrows that; then sent with `Content-Length`. One that is too long to be collected goes on in
/// chunks, or is refused, as the settings have it.
final class CollectedBody {
    private let rule: CollectingRule
    private let stream: RequestStream
    private let buffers: BufferPool
    private let buffer: Buffer
    let spooled: SpooledBytes
    /// What is collected is all that there will be: the body is whole, or too long.
    private var end: Outcome?

    enum Outcome: Equatable {
        case more
        /// The disk is being written.
        case spooling
        case complete
        /// Longer than what is collected; so much is here.
        case tooLong(isWhole: Bool)
        case refused(Refusal)
        /// The folder has no room, or isn't there.
        case unwritable
        /// Others, or this source, have as much there as may be.
        case spoolFull
    }

    /// - Parameter stream: reads its body as data.
    init(_ rule: CollectingRule, of stream: RequestStream, in buffers: BufferPool, _ spooled: SpooledBytes) {
        self.rule = rule
        self.stream = stream
        self.spooled = spooled
        self.buffers = buffers
        buffer = buffers.take()
    }

    deinit {
        if !spooled.isBusy { buffers.give(buffer) }
    }

    var count: Int { spooled.count + (spooled.isBusy ? 0 : buffer.count) }

    /// Takes what has come.
    ///
    /// - Parameter room: bytes that may stay in memory at the end; all others lie in the spool then.
    func collect(room: Int, now: Instant) -> Outcome {
        switch spooled.look() {
        case .underWay: return .spooling
        case .failed: return .unwritable
        case .done: buffer.clear()
        case .idle: break
        }
        while end == nil, stream.hasInput {
            switch stream.moveBody(to: buffer) {
            case .complete:
                end = isTooLong ? .tooLong(isWhole: true) : .complete
            case .refused(let refusal):
                return .refused(refusal)
            case .more where isTooLong:
                end = .tooLong(isWhole: false)
            case .more:
                if stream.hasInput { return spill(now) }
            }
        }
        guard let end else { return .more }
        let mayStay = end == .complete && spooled.count == 0 && buffer.count <= room
        return buffer.isEmpty || mayStay ? end : spill(now)
    }

    private var isTooLong: Bool { !rule.isLimit && count > rule.bytesMax }

    private func spill(_ now: Instant) -> Outcome {
        spooled.write(buffer, now: now) ? .spooling : .spoolFull
    }

    /// What stayed in memory.
    func append(to outbound: Buffer) {
        let buffer = buffer
        outbound.append(buffer.readable)
    }
}
