internal import Synchronization

/// What the spool's thread has to do, in order.
final class SpoolQueue: Sendable {
    private let jobs: Mutex<[@Sendable () -> Void]> = Mutex([])
    private let bell: Bell
    private let hasEnded = Atomic(false)

    /// Begins the thread, which goes on until `end`.
    init() throws(SystemError) {
        bell = try Bell()
        let thread = try Thread(name: "spool") { [self] in run() }
        thread.detach()
    }

    func add(_ job: @escaping @Sendable () -> Void) {
        let isFirst = jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        if isFirst { bell.ring() }
    }

    /// The thread leaves when it has done what is there.
    func end() {
        hasEnded.store(true, ordering: .releasing)
        bell.ring()
    }

    private func run() {
        while true {
            let due = jobs.withLock { jobs in
                let due = jobs
                jobs = []
                return due
            }
            for job in due { job() }
            if !due.isEmpty { continue }
            if hasEnded.load(ordering: .acquiring) { return }
            if bell.wait(milliseconds: -1) { bell.silence() }
        }
    }
}
