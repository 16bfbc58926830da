internal import Synchronization

/// How many connections one ticket system is given, by all workers together (`upstream.connections_max`), and who waits for one.
///
/// A count and nothing more while there are enough. When there aren't, requests queue with their worker, and whoever closes a connection
/// rings the workers, so that one of them takes the place, or gives up an idle connection that others need more.
final class ConnectionSlots: Sendable {
    private let connectionsMax: Int
    private let waitingMax: Int
    private let open = Atomic(0)
    private let waiting = Atomic(0)
    private let bells: Mutex<[Int: @Sendable () -> Void]> = Mutex([:])

    init(connectionsMax: Int, waitingMax: Int) {
        self.connectionsMax = connectionsMax
        self.waitingMax = waitingMax
    }

    /// Connections open now.
    var count: Int { open.load(ordering: .relaxed) }

    /// A place for one more connection; false when there is none.
    func take() -> Bool {
        if open.add(1, ordering: .relaxed).newValue <= connectionsMax { return true }
        open.subtract(1, ordering: .relaxed)
        return false
    }

    func give() {
        open.subtract(1, ordering: .sequentiallyConsistent)
        if isContended { ring() }
    }

    /// Somebody waits: connections are for them, and not to lie idle.
    var isContended: Bool { waiting.load(ordering: .sequentiallyConsistent) > 0 }

    /// A place in the queue; false when it is full.
    func beginWaiting() -> Bool {
        if waiting.add(1, ordering: .sequentiallyConsistent).newValue <= waitingMax { return true }
        endWaiting()
        return false
    }

    func endWaiting() {
        waiting.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// Asks every worker to look at what it has and what it waits for.
    func ring() {
        for bell in bells.withLock({ Array($0.values) }) { bell() }
    }

    /// - Parameter bell: called from any thread.
    func register(worker: Int, bell: @escaping @Sendable () -> Void) {
        bells.withLock { $0[worker] = bell }
    }

    func unregister(worker: Int) {
        bells.withLock { $0[worker] = nil }
    }
}
