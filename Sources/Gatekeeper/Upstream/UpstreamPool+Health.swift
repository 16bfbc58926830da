extension UpstreamPool {
    func noteSuccess() {
        if let change = target.health.noteSuccess() { report(change, nil) }
    }

    /// A request has failed there: whether it lives is asked at once.
    func noteFailure(_ reason: StaticString) {
        if let change = target.health.noteFailure(now: loop.now) { report(change, reason) }
        suspect()
    }

    /// Has somebody ask whether it lives, unless that has just been done.
    func suspect() {
        if let beginAsking, target.health.mayAsk(now: loop.now) { beginAsking() }
    }

    /// A check of ours wasn't answered.
    ///
    /// - Parameter isPrompted: a request had failed before.
    func noteSilence(_ reason: StaticString, isPrompted: Bool) {
        if let change = target.health.noteSilence(now: loop.now, isPrompted: isPrompted) { report(change, reason) }
    }
}
