/// The filters of our listeners, and what the kernel drops by them.
extension Conductor {
    /// Puts the newest settings' filters in place. A worker that drains leaves the sockets to whoever accepts on them now.
    func followFilters(isForced: Bool = false) {
        guard !context.isDraining else { return }
        for acceptor in acceptors.values where !acceptor.isStopped {
            do throws(SystemError) {
                try acceptor.followFilter(isForced: isForced)
            } catch {
                context.reportFilter(error, listener: acceptor.index)
            }
        }
    }

    func lendSockets(_ isLent: Bool) {
        for acceptor in acceptors.values { acceptor.lend(isLent) }
    }

    func countDrops() {
        for acceptor in acceptors.values { acceptor.countDrops() }
    }
}
