extension ClientConnection {
    /// How a connection is to be ended.
    enum Ending {
        /// Both sides are done.
        case orderly
        /// We are done, the client may still be sending: let it read our answer before the connection goes.
        case lingering
        /// Something was cut short, and must not look complete.
        case reset
        /// Nobody is there to say goodbye to.
        case abandoned
    }

    static var lingerMilliseconds: Int { 2_000 }
    private static var lingerBytesMax: Int { 1 << 20 }

    /// Ends it, and lets go of everything.
    func finish(_ ending: Ending) async {
        await close(ending)
        discardInput()
        waiter.end()
    }

    private func close(_ ending: Ending) async {
        switch ending {
        case .abandoned:
            break
        case .reset:
            return socket.reset()
        case .orderly:
            tls.sendCloseNotify()
            // To HTTP/1.0 it is what says that an answer is whole.
            await flushRest(until: loop.now.advanced(byMilliseconds: Self.lingerMilliseconds))
        case .lingering:
            tls.sendCloseNotify()
            // A FIN that lies behind what doesn't arrive lies there for minutes.
            if await !linger(), System.transmission(of: socket.descriptor)?.isLost == true { return socket.reset() }
        }
        socket.close()
    }

    /// Half-closes, then reads and throws away for a bounded while. Closing at once would reset the connection while the client still
    /// sends, and the reset would overtake the answer that says why (RFC 9112 §9.6).
    ///
    /// - Returns: whether the client has ended it, too.
    private func linger() async -> Bool {
        let deadline = loop.now.advanced(byMilliseconds: Self.lingerMilliseconds)
        var discarded = 0
        await flushRest(until: deadline)
        System.shutdownWriting(socket.descriptor)
        tls.releaseIdleMemory()
        while discarded < Self.lingerBytesMax {
            let scratch = buffers.take()
            let outcome = socket.receive(into: scratch)
            buffers.give(scratch)
            switch outcome {
            case .bytes(let count):
                discarded += count
            case .wouldBlock:
                guard await suspend(for: [.readable], until: deadline) == .ready else { return false }
            case .endOfStream, .failed:
                return true
            }
        }
        return false
    }

    /// What the socket hasn't taken yet.
    private func flushRest(until deadline: Instant) async {
        while tls.hasUnsentBytes {
            guard tls.flush() == .wouldBlock, await suspend(for: [.writable], until: deadline) == .ready else { break }
        }
    }

    /// Half-closes: we send nothing more and still read. To be called again while it would block.
    func endWriting() -> TLSStream.FlushOutcome {
        if !hasSaidEnd {
            hasSaidEnd = true
            tls.sendCloseNotify()
        }
        let outcome = tls.flush()
        if outcome == .done { System.shutdownWriting(socket.descriptor) }
        return outcome
    }
}
