/// A chunked request body on its way to a ticket system that wants to know its length first (`upstream.request_buffering`).
///
/// Kept in one buffer, and in the spool when it outgrows that; then sent with `Content-Length`. One that is too long to be collected goes on in
/// chunks, or is refused, as the settings have it.
final class CollectedBody {
    private let rule: CollectingRule
    private let stream: RequestStream
    private let buffer: Buffer
    private let spooled: SpooledBytes
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
    init(_ rule: CollectingRule, of stream: RequestStream, spooled: SpooledBytes) {
        self.rule = rule
        self.stream = stream
        self.spooled = spooled
        buffer = stream.buffers.take()
    }

    deinit {
        if !spooled.isBusy { stream.buffers.give(buffer) }
    }

    var count: Int { spooled.count + (spooled.isBusy ? 0 : buffer.count) }

    /// Takes what has come.
    ///
    /// - Parameters:
    ///   - room: bytes that may stay in memory at the end; all others lie in the spool then.
    ///   - deadline: by when the disk must have taken what is given to it now.
    func collect(room: Int, deadline: Instant) -> Outcome {
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
                if stream.hasInput { return spill(deadline) }
            }
        }
        guard let end else { return .more }
        let mayStay = end == .complete && spooled.count == 0 && buffer.count <= room
        return buffer.isEmpty || mayStay ? end : spill(deadline)
    }

    private var isTooLong: Bool { !rule.isLimit && count > rule.bytesMax }

    private func spill(_ deadline: Instant) -> Outcome {
        spooled.write(buffer, until: deadline) ? .spooling : .spoolFull
    }

    /// What stayed in memory.
    func append(to outbound: Buffer) {
        let buffer = buffer
        outbound.append(buffer.readable)
    }
}
