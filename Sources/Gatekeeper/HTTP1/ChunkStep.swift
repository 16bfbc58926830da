/// What a `ChunkedScanner` found in the bytes it was given. Every offset counts from the first of them.
package enum ChunkStep: Equatable, Sendable {
    /// All bytes (so many) are consumed and none of them was data; the body goes on.
    case needsMore(consumed: Int)
    /// These bytes belong to the body. Everything through them is consumed; the rest waits for the next call.
    case data(ByteRange, consumed: Int)
    /// The body and its trailer section are complete. Bytes behind them belong to the next message.
    case end(consumed: Int)
    case refused(Refusal)
}
