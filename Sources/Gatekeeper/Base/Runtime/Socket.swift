internal import Glibc

/// A non-blocking socket on this worker's event loop.
///
/// Registered with epoll once, edge-triggered. `readiness` is what the kernel has told us and no call has disproved since: a call is made
/// only while its bit is set, and a short read or write clears the bit (epoll(7): the socket is drained, or full, then; the next edge sets
/// it again). When the peer's FIN has been reported no further edge will come, so `readable` then stays until the end has been read.
///
/// The loop keeps a socket until `close` or `reset`, which its owner calls exactly where the connection ends.
/// At any time one task uses a socket; `waiter` is what that task suspends on, `interest` what it wants to be woken for.
final class Socket {
    let descriptor: Int32
    private let loop: EventLoop
    private let token: UInt64
    private var isOpen = true

    /// Of a reset that a `send` was told of: the kernel tells each error once, and what is read behind it looks like an orderly end. A FIN that came
    /// before it is one (EPIPE).
    private var toldError: Int32 = 0

    var readiness: Readiness
    var interest: Readiness = []
    var waiter: Waiter?

    /// Takes over `descriptor`, also when it throws.
    init(_ descriptor: consuming Descriptor, on loop: EventLoop, readiness: Readiness = [.writable]) throws(SystemError) {
        self.loop = loop
        self.readiness = readiness
        token = try loop.reserve(descriptor.number)
        self.descriptor = descriptor.release()
        loop.attach(self, token: token)
    }

    var isReadable: Bool { readiness.contains(.readable) }
    var isWritable: Bool { readiness.contains(.writable) }
    var peerClosed: Bool { readiness.contains(.peerClosed) }
    var isBroken: Bool { readiness.contains(.broken) }

    /// Called by the event loop.
    func report(_ news: Readiness) {
        readiness.formUnion(news)
        if !interest.isDisjoint(with: news) { waiter?.wake() }
    }

    /// Wakes whoever waits in the next turn of the loop: for one who stops before everything is read, of which no edge will tell.
    func wakeLater() {
        if let waiter { loop.wakeLater(waiter) }
    }

    /// Reads into the room of `buffer`, at most `limit` bytes.
    func receive(into buffer: Buffer, limit: Int = .max) -> System.Transfer {
        guard isReadable else { return .wouldBlock }
        let room = min(buffer.room, limit)
        // SAFETY: the room is the buffer's own memory behind its end, and as many bytes are committed as the kernel wrote.
        let outcome = unsafe System.receive(descriptor, into: UnsafeMutableBufferPointer(rebasing: buffer.uninitialised.prefix(limit)))
        switch outcome {
        case .bytes(let count):
            unsafe buffer.commit(count)
            if count < room, !peerClosed { readiness.remove(.readable) }
        case .wouldBlock:
            readiness.remove(.readable)
        case .endOfStream where toldError != 0:
            return .failed(toldError)
        case .endOfStream, .failed:
            break
        }
        return outcome
    }

    /// Copies the first bytes that wait, at most `limit`, into the emptied `buffer`, and leaves them where they are.
    ///
    /// Fewer than that are all there is: a further byte, or the end, is reported as news.
    func peek(into buffer: Buffer, limit: Int) -> System.Transfer {
        guard isReadable else { return .wouldBlock }
        buffer.clear()
        // SAFETY: the room is the buffer's own memory behind its end, and as many bytes are committed as the kernel wrote.
        let room = unsafe UnsafeMutableBufferPointer(rebasing: buffer.uninitialised.prefix(limit))
        let outcome = unsafe System.receive(descriptor, into: room, flags: System.peek)
        switch outcome {
        case .bytes(let count):
            unsafe buffer.commit(count)
            if count < room.count, !peerClosed { readiness.remove(.readable) }
        case .wouldBlock:
            readiness.remove(.readable)
        case .endOfStream, .failed:
            break
        }
        return outcome
    }

    /// Takes the first `count` bytes off, which a `peek` into `buffer` has shown; false if they aren't there. More may wait behind them.
    func take(_ count: Int, into buffer: Buffer) -> Bool {
        buffer.clear()
        // SAFETY: the room is the buffer's own memory, and nothing reads it afterwards.
        let room = unsafe UnsafeMutableBufferPointer(rebasing: buffer.uninitialised.prefix(count))
        let outcome = unsafe System.receive(descriptor, into: room)
        readiness.insert(.readable)
        return outcome == .bytes(count)
    }

    /// Sends from the front of `buffer`, at most `limit` bytes, and consumes what was taken. With `more` it may wait for what comes next.
    func send(_ buffer: Buffer, limit: Int = .max, more: Bool = false) -> System.Transfer {
        guard isWritable else { return .wouldBlock }
        // SAFETY: the pointer is used before the buffer changes; sending only reads.
        let bytes = unsafe buffer.readablePointer
        let offered = unsafe UnsafeBufferPointer(rebasing: bytes.prefix(limit))
        let outcome = unsafe System.send(descriptor, offered, more: more)
        switch outcome {
        case .bytes(let count):
            buffer.consume(count)
            if count < offered.count { readiness.remove(.writable) }
        case .wouldBlock:
            readiness.remove(.writable)
        case .failed(let code):
            if code != EPIPE { toldError = code }
        case .endOfStream:
            break
        }
        return outcome
    }

    /// Whether bytes or an end are waiting, asked of the kernel itself.
    func hasUnreadInput() -> Bool {
        guard !isReadable else { return true }
        var byte: UInt8 = 0
        // SAFETY: one byte of room, and a local that outlives the call.
        let outcome: System.Transfer = unsafe withUnsafeMutablePointer(to: &byte) { pointer in
            unsafe System.receive(descriptor, into: UnsafeMutableBufferPointer(start: pointer, count: 1), flags: System.peek)
        }
        return outcome != .wouldBlock
    }

    /// Closes with RST: the peer is told that what it got is not complete, and nothing stays behind here.
    func reset() {
        guard isOpen else { return }
        System.setResetOnClose(descriptor, true)
        close()
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        waiter = nil
        loop.detach(token)
        System.close(descriptor)
    }
}
