/// What a worker says of itself when something goes wrong, which is rarely.
extension WorkerState {
    enum Trouble {
        case descriptorsExhausted
        case listenerFailed
    }

    func report(_ trouble: Trouble, code: Int32, listener: Int) {
        let event: StaticString
        switch trouble {
        case .descriptorsExhausted: event = "descriptors_exhausted"
        case .listenerFailed: event = "listener_failed"
        }
        journal.event(
            event, stage: .accept, listener: listener, fields: [JournalField("error", System.describe(code))],
            wallMilliseconds: loop.wallMilliseconds)
    }

    /// A ticket system that is down, or back.
    static func report(
        _ change: UpstreamHealth.Change, _ reason: StaticString?, of target: UpstreamTarget, in journal: JournalWriter, _ loop: EventLoop
    ) {
        var fields = [JournalField("upstream", target.name)]
        if let reason { fields.append(JournalField("reason", "\(reason)")) }
        target.note(
            change == .up ? nil : UpstreamTarget.Failure(reason: reason ?? "unknown", sinceMilliseconds: loop.wallMilliseconds))
        journal.event(
            change == .down ? "upstream_down" : "upstream_up", stage: .upstream, fields: fields, wallMilliseconds: loop.wallMilliseconds)
    }
}
