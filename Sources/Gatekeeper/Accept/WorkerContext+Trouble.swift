/// What is said when a listener has trouble, which is rarely.
extension WorkerContext {
    enum ListenerTrouble {
        case descriptorsExhausted
        case failed
    }

    func report(_ trouble: ListenerTrouble, code: Int32, listener: Int) {
        let event: StaticString =
            switch trouble {
            case .descriptorsExhausted: "descriptors_exhausted"
            case .failed: "listener_failed"
            }
        journal.event(
            event, stage: .accept, listener: listener, fields: [JournalField("error", System.describe(code))],
            wallMilliseconds: loop.wallMilliseconds)
    }

    /// A filter can't be put in place: everybody gets through to us.
    func reportFilter(_ error: SystemError, listener: Int) {
        journal.event(
            "shield", stage: .admission, listener: listener,
            fields: [JournalField("state", "failed"), JournalField("error", error.description)], wallMilliseconds: loop.wallMilliseconds)
    }
}
