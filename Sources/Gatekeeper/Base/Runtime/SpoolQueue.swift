internal import Synchronization

/// What the spool's thread has to do, in order.
final class SpoolQueue: Sendable {
    private let errands: Mutex<[@Sendable () -> Void]> = Mutex([])
    private let bell: Descriptor
    private let hasEnded = Atomic(false)

    /// Begins the thread, which goes on until `end`.
    init() throws(SystemError) {
        bell = try System.eventDescriptor()
        let thread = try Thread(name: "spool") { [self] in run() }
        thread.detach()
    }

    func add(_ errand: @escaping @Sendable () -> Void) {
        let isFirst = errands.withLock { errands in
            errands.append(errand)
            return errands.count == 1
        }
        if isFirst { System.raise(bell.number) }
    }

    /// The thread leaves when it has done what is there.
    func end() {
        hasEnded.store(true, ordering: .releasing)
        System.raise(bell.number)
    }

    private func run() {
        while true {
            let due = errands.withLock { errands in
                let due = errands
                errands = []
                return due
            }
            for errand in due { errand() }
            if !due.isEmpty { continue }
            if hasEnded.load(ordering: .acquiring) { return }
            if System.waitReadable(bell.number, milliseconds: -1) { System.lower(bell.number) }
        }
    }
}
