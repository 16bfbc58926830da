/// The page of a challenge (HTTP-01, RFC 8555 §8.3): one request of one form is answered, whatever else comes is reset.
extension ChallengeVisit {
    private static var headBytesMax: Int { 2 << 10 }
    private static let limits: Settings.Limits = {
        var limits = Settings.Limits()
        limits.headBytesMax = headBytesMax
        limits.targetBytesMax = headBytesMax
        return limits
    }()

    func showPage() async -> ChallengeOutcome {
        let page = await request()
        guard let page, await begin() else { return deny() }
        let answer = Buffer(capacity: 512 + page.keyAuthorization.utf8.count)
        answer.append("HTTP/1.1 200 OK\r\nDate: ")
        answer.append(worker.dateText.readable)
        answer.append("\r\nContent-Type: application/octet-stream\r\nConnection: close\r\nContent-Length: ")
        answer.append(decimal: UInt64(page.keyAuthorization.utf8.count))
        answer.append("\r\n\r\n")
        answer.append(page.keyAuthorization)
        let outcome = await send(answer)
        socket.reset()
        waiter.end()
        return conclude(outcome, name: page.name)
    }

    /// The page that is asked for, as soon as the request is whole and right; nil as soon as that can't be any more.
    private func request() async -> ChallengeWindow.Page? {
        let input = Buffer(capacity: Self.headBytesMax)
        var parser = RequestHeadParser()
        var fields = FieldTable()
        while !waiter.isAborted {
            switch socket.receive(into: input) {
            case .bytes:
                switch parser.resume(input.readable, limits: Self.limits, into: &fields) {
                case .parsed(let head): return page(head, input.readable)
                case .refused: return nil
                case .needsMore: if input.room == 0 { return nil }
                }
            case .endOfStream, .failed: return nil
            case .wouldBlock: guard await wait() else { return nil }
            }
        }
        return nil
    }

    private func page(_ head: RequestHead, _ bytes: Span<UInt8>) -> ChallengeWindow.Page? {
        guard head.method == .get, head.targetForm == .origin, head.framing == .none, head.byteCount == bytes.count else { return nil }
        return worker.snapshot.window?.page(bytes.bytes(head.target), host: bytes.bytes(head.host), at: worker.loop.now)
    }

    /// Closes the socket where its peer has ended it, too.
    private func send(_ answer: Buffer) async -> ChallengeOutcome {
        socket.interest = [.readable, .writable, .peerClosed, .broken]
        while !answer.isEmpty {
            switch socket.send(answer) {
            case .bytes: continue
            case .wouldBlock: guard await wait() else { return .timeout }
            case .endOfStream, .failed: return .aborted
            }
        }
        System.shutdownWriting(socket.descriptor)
        answer.clear()
        while true {
            switch socket.receive(into: answer, limit: 1) {
            case .bytes: return .applicationData
            case .failed: return .shown
            case .endOfStream:
                socket.close()
                return .shown
            case .wouldBlock: guard await wait() else { return .shown }
            }
        }
    }

    /// Until there is something new; false when its time is over.
    private func wait() async -> Bool {
        let wake = await waiter.wait(until: deadline)
        return wake != .aborted && worker.loop.now < deadline
    }
}
