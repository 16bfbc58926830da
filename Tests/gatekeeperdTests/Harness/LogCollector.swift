import CLinux
import Foundation

/// The reading end of the daemon's log: a thread that keeps every line.
///
/// `@unchecked`: everything mutable is touched only with `condition` held, and the file is read by the thread only.
final class LogCollector: @unchecked Sendable {
    private let condition = NSCondition()
    private let file: OpenFile
    private var lines: [LogLine] = []
    private var hasEnded = false
    private var isPaused = false

    init(reading file: OpenFile) {
        self.file = file
        Thread.detachNewThread { self.collect() }
    }

    /// Every line so far.
    var all: [LogLine] { condition.withLock { lines } }

    /// From here on nobody reads the pipe: it fills. What one `read` may still be under way for arrives.
    func pause() { condition.withLock { isPaused = true } }

    func resume() {
        condition.withLock {
            isPaused = false
            condition.broadcast()
        }
    }

    /// The first line that satisfies `isWanted`, among those there are and those to come; nil if it isn't there in time or the stream
    /// ended without it.
    func first(seconds: Double, where isWanted: (LogLine) -> Bool) -> LogLine? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        return condition.withLock {
            var seen = 0
            while true {
                while seen < lines.count {
                    if isWanted(lines[seen]) { return lines[seen] }
                    seen += 1
                }
                if hasEnded || !condition.wait(until: deadline) { return nil }
            }
        }
    }

    /// Waits until `isEnough` holds of all lines, or the stream's end; true if it does.
    func wait(seconds: Double, until isEnough: ([LogLine]) -> Bool) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        return condition.withLock {
            while !isEnough(lines) {
                if hasEnded || !condition.wait(until: deadline) { return isEnough(lines) }
            }
            return true
        }
    }

    /// Waits for the end of the stream, which is when the daemon is gone; false if it doesn't come in time.
    func waitForEnd(seconds: Double) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        return condition.withLock {
            while !hasEnded, condition.wait(until: deadline) {}
            return hasEnded
        }
    }

    private func collect() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var partial: [UInt8] = []
        while true {
            condition.withLock { while isPaused { condition.wait() } }
            // SAFETY: the array is exclusively ours for the call and as long as the count says.
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(file.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var arrived: [LogLine] = []
            var rest = buffer[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                arrived.append(LogLine(String(decoding: partial + rest[..<end], as: UTF8.self)))
                partial = []
                rest = rest[(end + 1)...]
            }
            partial += rest
            condition.withLock {
                lines += arrived
                condition.broadcast()
            }
        }
        condition.withLock {
            if !partial.isEmpty { lines.append(LogLine(String(decoding: partial, as: UTF8.self))) }
            hasEnded = true
            condition.broadcast()
        }
    }
}
