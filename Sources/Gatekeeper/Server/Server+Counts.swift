internal import Synchronization

extension Server {
    /// What was counted up to now; nil when not every worker has answered, as while some have ended and others drain.
    package func counts() -> ServerCounts? {
        let named = answers.sources
        let cells = named.map(\.index)
        var none = ServerCounts()
        none.answers = named.map { ($0.name, AnswerTally()) }
        let departed = answers.departed.all
        if departed.count == workers.count {
            for one in departed { none.add(one.verdicts, one.answers, cells) }
            return none
        }
        let total = Mutex(none)
        let isWhole = onEveryWorker { worker, _ in
            let (verdicts, tallies) = (await worker.verdicts(), await worker.answers())
            total.withLock { $0.add(verdicts, tallies, cells) }
        }
        return isWhole ? total.withLock { $0 } : nil
    }
}
