/// The buffers of one worker: taken when there is something to read, given back when a connection falls idle.
///
/// Last in, first out, so that the one handed out is the one still in the cache. An idle connection holds none. A chain and not an array: five
/// takes a request are too many for an array's checks of uniqueness and exclusive access.
package final class BufferPool {
    /// Bytes of a buffer: eight full TLS records of plaintext (128 KiB), and room for what sealing them adds.
    static let bufferBytes = (128 << 10) + 2048
    /// Buffers kept for reuse; a burst's surplus goes back to the allocator.
    private static let keptMax = 32

    private var top: Buffer?
    private var count = 0

    package init() {}

    package func take() -> Buffer {
        guard let buffer = top else { return Buffer(capacity: Self.bufferBytes) }
        top = buffer.below
        buffer.below = nil
        count -= 1
        return buffer
    }

    /// `buffer` must not be used by the caller again.
    package func give(_ buffer: Buffer) {
        guard count < Self.keptMax else { return }
        buffer.clear()
        buffer.below = top
        top = buffer
        count += 1
    }
}
