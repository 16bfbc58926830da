internal import Glibc

/// Puts finished lines into a descriptor, many at a time, and knows which of them got there.
///
/// A log that can't be written must neither stop the service nor pass in silence: lines that are lost (disk full, reader of the pipe gone)
/// are counted, and the next line says how many.
struct JournalOutput: ~Copyable {
    /// The longest line there can be: a path and 16 values, each byte escaped sixfold.
    static let lineBytesMax = 160 << 10
    static let batchBytes = 512 << 10

    /// Lines are appended here, each followed by `lineWritten`.
    let buffer = Buffer(capacity: batchBytes)
    /// Lines lost and not yet reported.
    private(set) var dropped: UInt64 = 0

    private let descriptor: Int32
    /// What a line in the buffer reports as dropped, and where that line ends: lost with it, it is to be reported again.
    private var reported: UInt64 = 0
    private var reportedEnd = 0
    /// The last write ended inside a line.
    private var isTorn = false

    /// - Parameter descriptor: borrowed; remains open.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Lines lost before they came here.
    mutating func lose(_ count: UInt64) {
        dropped += count
    }

    /// Ends a line, with `dropped` as its last field if lines were lost, and makes room for another one.
    mutating func end(_ line: LogLine, givesUp: () -> Bool) {
        if dropped > 0, reported == 0 {
            line.number("dropped", dropped)
            reported = dropped
            dropped = 0
            line.end()
            reportedEnd = buffer.end
        } else {
            line.end()
        }
        if buffer.overflowed || buffer.room < Self.lineBytesMax { flush(givesUp: givesUp) }
    }

    /// Writes everything. Waits for a slow reader, unless `givesUp` says that it has waited long enough.
    mutating func flush(givesUp: () -> Bool) {
        guard !buffer.isEmpty else { return }
        var written = 0
        if buffer.overflowed {
            // No line is longer than `lineBytesMax`, so this is a bug; whole lines of the batch can't be told from torn ones any more.
            written = 0
        } else if mend() {
            written = writeAll(givesUp: givesUp)
        }
        account(written: written)
        buffer.clear()
    }

    /// After a torn line, begins a new one. False if even that fails.
    private mutating func mend() -> Bool {
        guard isTorn else { return true }
        let newline: InlineArray<1, UInt8> = [UInt8(ascii: "\n")]
        isTorn = write(newline.span, givesUp: { true }) != 1
        return !isTorn
    }

    private func writeAll(givesUp: () -> Bool) -> Int {
        var written = 0
        while written < buffer.end {
            let count = write(buffer.bytes.extracting(written..<buffer.end), givesUp: givesUp)
            if count == 0 { break }
            written += count
        }
        return written
    }

    /// The number of bytes that went out; 0 when none ever will.
    private func write(_ bytes: Span<UInt8>, givesUp: () -> Bool) -> Int {
        while true {
            // SAFETY: the pointer and count are those of a borrowed span, which the kernel only reads.
            let count = unsafe bytes.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { return count }
            switch errno {
            case EINTR where count < 0: continue
            case EAGAIN where count < 0:
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // SAFETY: one entry, alive during the call.
                if unsafe poll(&entry, 1, 100) <= 0, givesUp() { return 0 }
            default: return 0
            }
        }
    }

    /// Counts the lines of which not every byte was written.
    private mutating func account(written: Int) {
        let batch = buffer
        let bytes = batch.bytes
        var lost: UInt64 = 0
        for index in written..<bytes.count where bytes[index] == UInt8(ascii: "\n") { lost += 1 }
        if written > 0 { isTorn = bytes[written - 1] != UInt8(ascii: "\n") }
        dropped += lost
        if reportedEnd > written { dropped += reported }
        reported = 0
        reportedEnd = 0
    }
}
