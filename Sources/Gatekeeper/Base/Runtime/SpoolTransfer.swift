internal import Synchronization

/// One buffer on its way to a `SpoolFile` or from it.
///
/// ```
///   worker: fills, submits ─▶ spool's thread: moves, says so, rings ─▶ worker: looks, goes on
/// ```
///
/// `@unchecked Sendable`: the buffer is the worker's until it is submitted, and again once `state` says that it is over; in between it is the
/// thread's. A worker that can't wait any longer abandons it and never touches the buffer again.
final class SpoolTransfer: @unchecked Sendable {
    enum Direction {
        /// Everything in the buffer goes behind what the file holds.
        case write
        case read(offset: Int, count: Int)
    }

    enum State: UInt8, AtomicRepresentable {
        case underWay, done, failed
    }

    private let file: SpoolFile
    private let buffer: Buffer
    private let direction: Direction
    private let ring: @Sendable () -> Void
    private let current = Atomic(State.underWay)
    private let isAbandoned = Atomic(false)

    /// - Parameter ring: wakes the worker; called from the spool's thread.
    init(_ direction: Direction, _ file: SpoolFile, _ buffer: Buffer, ring: @escaping @Sendable () -> Void) {
        self.direction = direction
        self.file = file
        self.buffer = buffer
        self.ring = ring
    }

    var state: State { current.load(ordering: .acquiring) }

    /// Nobody waits for it any more.
    func abandon() {
        isAbandoned.store(true, ordering: .relaxed)
    }

    /// On the spool's thread.
    func perform() {
        guard !isAbandoned.load(ordering: .relaxed) else { return }
        do throws(SystemError) {
            switch direction {
            case .write: try file.append(buffer)
            case .read(let offset, let count): try file.read(at: offset, count: count, into: buffer)
            }
            current.store(.done, ordering: .releasing)
        } catch {
            current.store(.failed, ordering: .releasing)
        }
        ring()
    }

    /// There is no thread to do it.
    func fail() {
        current.store(.failed, ordering: .releasing)
    }
}
