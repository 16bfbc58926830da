/// A bell that one thread rings and another waits for: a counter of the kernel's (eventfd), so that `epoll` and `poll` watch it beside other
/// descriptors.
///
/// It rings until it is silenced, however often it was rung before. Whoever may ring after its owner has gone holds it too, or its number
/// could be another descriptor's by then.
final class Bell: Sendable {
    private let descriptor: Descriptor

    init() throws(SystemError) {
        descriptor = try System.eventDescriptor()
    }

    /// Readable while it rings.
    var number: Int32 { descriptor.number }

    /// One system call; async-signal-safe.
    func ring() {
        System.raise(descriptor.number)
    }

    func silence() {
        System.lower(descriptor.number)
    }

    /// Waits until it rings, at most so long (negative: without limit); false if it doesn't, or a signal came in between. Silences nothing.
    /// Blocks; never called on a worker.
    func wait(milliseconds: Int32) -> Bool {
        System.waitReadable(descriptor.number, milliseconds: milliseconds)
    }
}
