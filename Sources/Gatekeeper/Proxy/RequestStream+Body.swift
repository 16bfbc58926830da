/// Reading the request's body: bytes come off the wire, whoever reads gets data.
extension RequestStream {
    /// The client has sent its whole request, and we have read it.
    var isBodyRead: Bool {
        if case .nothing = unread { true } else { false }
    }

    /// Its length is known by its end alone.
    var isChunked: Bool {
        if case .chunks = unread { true } else { false }
    }

    /// Of the request so far, head and body as framed inside TLS.
    var bytesIn: UInt64 { UInt64(head.byteCount) + bodyBytes }

    /// Something has come that hasn't been read: of the body, or of what follows it.
    var hasInput: Bool { connection.hasInput }

    /// It isn't the client that is being waited for.
    func excuseSending() {
        sendingFloor.restart(now: connection.loop.now)
    }

    /// Receives more of the body. Nil when something has come.
    func receive() -> Step? {
        connection.input?.rewind(to: head.byteCount)
        switch connection.fill() {
        case .bytes(let count):
            expectation.bodyBegan()
            lastReceived = connection.loop.now
            sendingFloor.note(UInt64(count), now: lastReceived)
            return nil
        case .wouldBlock: return .blocked(downstream: [.readable])
        case .closed, .failed: return .failed(.clientGone)
        }
    }

    /// Moves what has come of the body, as much as fits and at most `bytesMax` of one of known length, to `output`: one in chunks as chunks of
    /// ours, or as data where it is collected.
    func moveBody(to output: Buffer, bytesMax: Int = .max) -> ChunkRelay.Outcome {
        guard let input = connection.input, !input.isEmpty else { return isBodyRead ? .complete : .more }
        switch unread {
        case .nothing:
            return .complete
        case .length(let remaining):
            expectation.bodyBegan()
            let count = Int(min(UInt64(min(input.count, bytesMax, output.room)), remaining))
            output.append(input.readable.extracting(first: count))
            input.consume(count)
            account(count, of: remaining)
            return isBodyRead ? .complete : .more
        case .chunks(var relay):
            expectation.bodyBegan()
            let before = input.count
            let outcome = relay.move(from: input, to: output, limits: session.snapshot.limits)
            bodyBytes += UInt64(before - input.count)
            if outcome == .complete {
                relay.tell(&dropped)
                unread = .nothing
            } else {
                unread = .chunks(relay)
            }
            return outcome
        }
    }

    /// Hands what has come of a body of known length to `send`, without a copy; what it consumes has been read.
    func passBody(_ send: (Buffer, _ limit: Int) -> System.Transfer) -> System.Transfer {
        guard let input = connection.input, case .length(let remaining) = unread else { return .wouldBlock }
        let before = input.count
        let outcome = send(input, Int(clamping: remaining))
        account(before - input.count, of: remaining)
        return outcome
    }

    /// From here on a body that was read as data is read as chunks of ours.
    func beginChunks() {
        guard case .chunks(var relay) = unread else { return }
        relay.beginChunks()
        unread = .chunks(relay)
    }

    private func account(_ count: Int, of remaining: UInt64) {
        bodyBytes += UInt64(count)
        unread = remaining == UInt64(count) ? .nothing : .length(remaining - UInt64(count))
    }
}
