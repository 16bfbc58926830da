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
}
