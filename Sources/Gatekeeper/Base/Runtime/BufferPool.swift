/// The buffers of one worker: taken when there is something to read, given back when a connection falls idle.
///
/// Last in, first out, so that the one handed out is the one still in the cache. An idle connection holds none. A chain and not an array: five
/// takes a request are too many for an array's checks of uniqueness and exclusive access. What a burst has left behind, `trim` gives back to the
/// system.
package final class BufferPool {
    /// Bytes of a buffer: eight full TLS records of plaintext (128 KiB), and room for what sealing them adds.
    static let bufferBytes = (128 << 10) + 2048
    /// Buffers kept for reuse, 33 MB; more go back at once.
    private static let keptMax = 256
    /// Buffers that stay, 1 MB.
    private static let restingMax = 8

    private var top: Buffer?
    private var count = 0
    /// The fewest that lay here since the last `trim`: nobody has needed those.
    private var unused = 0
    /// Woken when there is something to trim; once, until it is done.
    var trimmer: Waiter?
    private var isToBeTrimmed = false

    package init() {}

    package func take() -> Buffer {
        guard let buffer = top else { return Buffer(capacity: Self.bufferBytes) }
        top = buffer.below.take()
        count -= 1
        if count < unused { unused = count }
        return buffer
    }

    /// `buffer` must not be used by the caller again.
    package func give(_ buffer: consuming Buffer) {
        guard count < Self.keptMax, buffer.capacity == Self.bufferBytes else { return }
        buffer.clear()
        swap(&buffer.below, &top)
        top = consume buffer
        count += 1
        if count > Self.restingMax, !isToBeTrimmed {
            isToBeTrimmed = true
            unused = 0
            trimmer?.wake()
        }
    }

    /// Gives up what wasn't needed since the last time; false when there is nothing more to do until the trimmer is woken.
    func trim() -> Bool {
        for _ in 0..<min(unused, max(0, count - Self.restingMax)) {
            top = top?.below
            count -= 1
        }
        unused = count
        isToBeTrimmed = count > Self.restingMax
        return isToBeTrimmed
    }
}
