/// The filters of our listeners, and what the kernel drops by them.
extension WorkerState {
    /// Puts the newest settings' filters in place. A worker that drains leaves the sockets to whoever accepts on them now.
    func followFilters(isForced: Bool = false) {
        guard !isDraining else { return }
        for acceptor in acceptors.values where !acceptor.isStopped {
            do throws(SystemError) {
                try acceptor.followFilter(isForced: isForced)
            } catch {
                reportFilter(error, listener: acceptor.place)
            }
        }
    }

    /// One that can't be put in place: everybody gets through to us.
    func reportFilter(_ error: SystemError, listener: Int) {
        journal.event(
            "shield", stage: .admission, listener: listener,
            fields: [JournalField("state", "failed"), JournalField("error", error.description)], wallMilliseconds: loop.wallMilliseconds)
    }

    func lendSockets(_ isLent: Bool) {
        for acceptor in acceptors.values { acceptor.lend(isLent) }
    }

    func countDrops() {
        for acceptor in acceptors.values { acceptor.countDrops() }
    }

    /// The kernel has dropped so many packets of strangers, of whom it knows nothing more.
    func noteDrops(_ count: UInt32) {
        guard count > 0 else { return }
        gauge.drop(UInt64(count))
        journal.deniedUnseen(UInt64(count), reason: .dropped)
    }
}
