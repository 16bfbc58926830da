internal import Gatekeeper
internal import Glibc

/// A connected socket that blocks: for the demo's ticket API, where one thread has nothing else to do.
struct StreamSocket: ~Copyable, Sendable {
    private let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }

    /// Up to `bytesMax` bytes; empty at the end of the stream, after a failure, and when the peer was silent for too long.
    func receive(bytesMax: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        while true {
            let count = unsafe recv(descriptor.number, &bytes, bytesMax, 0)
            if count < 0, errno == EINTR { continue }
            bytes.removeLast(bytesMax - max(0, count))
            return bytes
        }
    }

    /// All of it; false when the peer is gone or doesn't read.
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                // SAFETY: `sent` is below the count of the buffer, which lives until the closure returns.
                unsafe Glibc.send(
                    descriptor.number, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    func setTimeouts(receiveSeconds: Int, sendSeconds: Int) {
        for (option, seconds) in [(SO_RCVTIMEO, receiveSeconds), (SO_SNDTIMEO, sendSeconds)] {
            var time = timeval(tv_sec: seconds, tv_usec: 0)
            // Can only fail for arguments that are wrong here.
            _ = unsafe setsockopt(descriptor.number, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        }
    }
}
