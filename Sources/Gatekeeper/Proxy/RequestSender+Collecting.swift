/// A body that is waited for as a whole before anything of the request is sent.
extension RequestSender {
    /// Reads the body until it is there whole; one without a length gets it now.
    func collect() -> Step {
        for _ in 0..<Step.budget {
            guard isCollecting else { return .done }
            let needsInput = spooled.map { !$0.isBusy } ?? true
            if needsInput, !stream.hasInput, let obstacle = stream.receive() { return obstacle }
            guard case .collecting(let collected) = bodySource else {
                if let obstacle = takeWhatCame() { return obstacle }
                continue
            }
            let outcome = collected.collect(room: outbound.room - Self.framingFieldBytes, now: worker.loop.now)
            // Whoever had to wait for the disk begins anew.
            if !needsInput { stream.excuseSending() }
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
        if case .tooLong(let isWhole) = outcome {
            HeadWriter.endRequest(.chunked, into: outbound)
            sendsChunks = true
            stream.beginChunks()
            bodySource = .spool(offset: 0, isWhole ? .lastChunk : .stream)
        } else {
            HeadWriter.endRequest(.length(UInt64(collected.count)), into: outbound)
            if spooled?.count ?? 0 > 0 {
                bodySource = .spool(offset: 0, .none)
            } else {
                collected.append(to: outbound)
                bodySource = .stream
            }
        }
        lastSent = worker.loop.now
        return .done
    }

    /// `Content-Length` or `Transfer-Encoding`, and the line that ends the head.
    private static var framingFieldBytes: Int { 64 }
}
