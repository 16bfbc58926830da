internal import Glibc

/// Puts finished lines into a descriptor, many at a time, or into the system's log, and knows which of them got there.
///
/// A log that can't be written must neither stop the service nor pass in silence: lines that are lost (disk full, reader of the pipe gone,
/// no log daemon) are counted, and the next line says how many.
struct JournalOutput: ~Copyable {
    /// The longest line there can be: a path and 16 values, each byte escaped sixfold.
    static let lineBytesMax = 160 << 10
    static let batchBytes = 512 << 10

    /// Lines are appended here, each followed by `lineWritten`.
    let buffer = Buffer(capacity: batchBytes)
    /// Lines lost and not yet reported.
    private(set) var dropped: UInt64 = 0
    /// Lines lost since the start, reported or not.
    private(set) var droppedInAll: UInt64 = 0

    /// What stood against the last write; nil when it succeeded.
    private(set) var failure: String?

    private let descriptor: Int32
    /// Where lines carry their priority.
    private let stream: JournalStream?
    private var marksPriority = false
    /// In place of the descriptor.
    private var syslog: JournalSyslog?
    /// Where each line in the buffer ends, and how loud it is: kept for the system's log only.
    private var ends: [(end: Int, severity: Severity)] = []
    /// Of lines that are text; nil for JSON.
    private var textRest: Buffer?
    /// What a line in the buffer reports as dropped, and where that line ends: lost with it, it is to be reported again.
    private var reported: UInt64 = 0
    private var reportedEnd = 0
    /// The last write ended inside a line.
    private var isTorn = false

    /// - Parameters:
    ///   - descriptor: borrowed; remains open.
    ///   - stream: journald's; nil where there is none.
    init(descriptor: Int32, stream: JournalStream? = .ofEnvironment) {
        self.descriptor = descriptor
        self.stream = stream
    }

    /// How lines are written from now on, and whether the system's log gets them. To be called between a flush and the next line.
    mutating func write(as format: Settings.Log.Format, toSyslog path: String?) {
        if (textRest != nil) != (format == .text) { textRest = format == .text ? Buffer(capacity: Self.lineBytesMax) : nil }
        if path != syslog?.path { syslog = path.map { JournalSyslog(path: $0) } }
        // Each time: the descriptor may be another file by now.
        marksPriority = syslog == nil && stream?.isBehind(descriptor) == true
    }

    /// Opens a line; `end` is to follow before the next one.
    func begin(_ event: StaticString, _ severity: Severity, wallMilliseconds: Int64) -> LogLine {
        LogLine(event, severity, wallMilliseconds: wallMilliseconds, in: buffer, textRest: textRest, marksPriority: marksPriority)
    }

    /// Likewise, for an event that isn't known at compile time.
    func begin(_ event: Span<UInt8>, wallMilliseconds: Int64) -> LogLine {
        LogLine(
            event, Severity(event: event), wallMilliseconds: wallMilliseconds, in: buffer, textRest: textRest,
            marksPriority: marksPriority)
    }

    /// Lines lost before they came here.
    mutating func lose(_ count: UInt64) {
        dropped += count
        droppedInAll += count
    }

    /// Ends a line, with `dropped` as its last field if lines were lost, and makes room for another one.
    mutating func end(_ line: borrowing LogLine, givesUp: () -> Bool) {
        if dropped > 0, reported == 0 {
            line.number("dropped", dropped)
            reported = dropped
            dropped = 0
            line.end()
            reportedEnd = buffer.end
        } else {
            line.end()
        }
        if syslog != nil { ends.append((buffer.end, line.severity)) }
        if buffer.overflowed || buffer.room < Self.lineBytesMax { flush(givesUp: givesUp) }
    }

    /// Tries whether there is room again, with a line that says how many are lost; one that doesn't get there itself is no loss.
    mutating func reportLoss(wallMilliseconds: Int64) {
        guard dropped > 0, buffer.isEmpty else { return }
        let before = (dropped: dropped, inAll: droppedInAll)
        end(begin("dropped", .warning, wallMilliseconds: wallMilliseconds), givesUp: { true })
        flush { true }
        if dropped > 0 { (dropped, droppedInAll) = before }
    }

    /// Writes everything. Waits for a slow reader, unless `givesUp` says that it has waited long enough; for that of the system's log only
    /// `JournalSyslog.waitMilliseconds`.
    mutating func flush(givesUp: () -> Bool) {
        guard !buffer.isEmpty else { return }
        var written = 0
        if buffer.overflowed {
            // No line is longer than `lineBytesMax`, so this is a bug; whole lines of the batch can't be told from torn ones any more.
            written = 0
        } else if let syslog {
            return dispatch(to: syslog)
        } else if mend() {
            written = writeAll(givesUp: givesUp)
        }
        account(written: written)
        clear()
    }

    /// Sends each line by itself, and counts those that got nowhere.
    private mutating func dispatch(to syslog: JournalSyslog) {
        syslog.begin()
        failure = nil
        var start = 0
        for (end, severity) in ends {
            if !syslog.send(buffer.bytes.extracting(start..<end - 1), severity) {
                lose(1)
                failure = syslog.failure
                if end == reportedEnd { dropped += reported }
            }
            start = end
        }
        clear()
    }

    private mutating func clear() {
        reported = 0
        reportedEnd = 0
        ends.removeAll(keepingCapacity: true)
        buffer.clear()
    }

    /// After a torn line, begins a new one. False if even that fails.
    private mutating func mend() -> Bool {
        guard isTorn else { return true }
        let newline: InlineArray<1, UInt8> = [UInt8(ascii: "\n")]
        isTorn = write(newline.span, givesUp: { true }) != 1
        return !isTorn
    }

    private mutating func writeAll(givesUp: () -> Bool) -> Int {
        let batch = buffer
        var written = 0
        while written < batch.end {
            let count = write(batch.bytes.extracting(written..<batch.end), givesUp: givesUp)
            if count == 0 { break }
            written += count
        }
        return written
    }

    /// The number of bytes that went out; 0 when none ever will.
    private mutating func write(_ bytes: Span<UInt8>, givesUp: () -> Bool) -> Int {
        while true {
            // SAFETY: the pointer and count are those of a borrowed span, which the kernel only reads.
            let count = unsafe bytes.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                failure = nil
                return count
            }
            switch errno {
            case EINTR where count < 0: continue
            case EAGAIN where count < 0:
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // SAFETY: one entry, alive during the call.
                if unsafe poll(&entry, 1, 100) <= 0, givesUp() {
                    failure = "whoever reads the log has stopped reading"
                    return 0
                }
            default:
                let code = errno
                failure = code == EPIPE ? "whoever read the log has ended" : System.describe(code)
                return 0
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
        lose(lost)
        if reportedEnd > written { dropped += reported }
    }
}
