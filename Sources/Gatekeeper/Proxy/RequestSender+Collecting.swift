/// A body that is waited for as a whole before anything of the request is sent.
extension RequestSender {
    /// Reads the body until it is there whole; one without a length gets it now.
    func collect() -> Step {
        for _ in 0..<Step.budget {
            guard isCollecting else { return .done }
            let needsInput = spooled.map { !$0.isBusy } ?? true
            if needsInput, connection.input?.isEmpty ?? true, let obstacle = readInput() { return obstacle }
            guard let input = connection.input else { continue }
            guard case .collecting(let collected) = body else {
                _ = takeWhatCame()
                continue
            }
            let before = input.count
            let outcome = collected.collect(
                from: input, room: outbound.room - Self.framingFieldBytes, limits: session.snapshot.limits,
                deadline: spoolDeadlineFromNow)
            bodyBytes += UInt64(before - input.count)
            bytesIn += UInt64(before - input.count)
            // Whoever had to wait for the disk begins anew.
            if !needsInput { excuseClient() }
            switch outcome {
            case .more: continue
            case .spooling: return .blocked()
            case .complete, .tooLong: return finishCollecting(collected, outcome)
            case .refused(let refusal): return .failed(.refused(refusal))
            case .unwritable: return .failed(.spoolFailed)
            case .spoolFull: return .failed(.spoolFull)
            }
        }
        return .budgetSpent
    }

    private func finishCollecting(_ collected: CollectedBody, _ outcome: CollectedBody.Outcome) -> Step {
        if outcome != .tooLong(isWhole: false) { collected.tell(&dropped) }
        if case .tooLong(let isWhole) = outcome {
            HeadWriter.endRequest(.chunked, into: outbound)
            sendsChunks = true
            var relay = collected.relay
            relay.beginChunks()
            body = .spooled(offset: 0, isWhole ? .lastChunk : .chunks(relay))
        } else {
            HeadWriter.endRequest(.length(UInt64(collected.count)), into: outbound)
            if spooled?.count ?? 0 > 0 {
                body = .spooled(offset: 0, .none)
            } else {
                collected.append(to: outbound)
                body = .complete
            }
        }
        progressed = connection.loop.now
        return .done
    }

    /// `Content-Length` or `Transfer-Encoding`, and the line that ends the head.
    private static var framingFieldBytes: Int { 64 }
}
