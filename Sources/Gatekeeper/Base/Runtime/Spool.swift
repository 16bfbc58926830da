internal import Synchronization

/// The disk that bodies too large for memory are collected on, as all workers share it: one thread that writes and reads, and a bound for what
/// lies there.
///
/// A worker never waits for the disk: it hands a buffer over and serves others until the thread has moved it. The thread begins with the first
/// such body. It outlives every configuration, for bodies do.
final class Spool: Sendable {
    private let shares = Mutex(SpoolShares())
    private let queue: Mutex<SpoolQueue?> = Mutex(nil)

    deinit {
        queue.withLock { $0?.end() }
    }

    /// Room for `count` more bytes of a source; false when there is none.
    func take(_ count: Int, for source: PeerAddress, totalMax: Int) -> Bool {
        shares.withLock { $0.take(count, for: source, totalMax: totalMax) }
    }

    /// Bytes that are taken now.
    var held: Int { shares.withLock { $0.held } }

    func submit(_ transfer: SpoolTransfer) {
        guard let queue = running() else { return transfer.fail() }
        queue.add { transfer.perform() }
    }

    /// Closes a file and frees its room, behind what is still under way with it: on a disk that hangs, what is held stays counted.
    func discard(_ file: SpoolFile, bytes count: Int, of source: PeerAddress) {
        guard let queue = running() else { return free(count, of: source) }
        queue.add { [weak self] in
            file.close()
            self?.free(count, of: source)
        }
    }

    private func free(_ count: Int, of source: PeerAddress) {
        shares.withLock { $0.give(count, of: source) }
    }

    private func running() -> SpoolQueue? {
        queue.withLock { queue in
            if queue == nil { queue = try? SpoolQueue() }
            return queue
        }
    }
}
