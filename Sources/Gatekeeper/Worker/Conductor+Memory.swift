/// Memory that a burst needed goes back to the system when it is over.
extension Conductor {
    /// Often enough that a burst is forgotten soon, rarely enough that what comes back every few seconds is kept.
    private static var trimMilliseconds: Int { 5_000 }
    /// Connections beyond which their end is worth having the allocator look for free pages.
    static var manyConnections: Int { 64 }

    /// Until the worker ends.
    func keepMemoryLean() async {
        while true {
            let isLean = !context.buffers.trim() && connectionsPeak < Self.manyConnections
            let wake = await trimmer.wait(until: isLean ? .distantFuture : context.loop.now.advanced(byMilliseconds: Self.trimMilliseconds))
            guard wake != .aborted else { return trimmer.end() }
            // What connections leave behind: sessions and tasks, in pieces of all sizes.
            guard connectionsPeak >= max(Self.manyConnections, 2 * connectionCount) else { continue }
            connectionsPeak = connectionCount
            System.returnFreeMemory()
        }
    }

    /// Another connection is open.
    func noteConnectionCount() {
        guard connectionCount > connectionsPeak else { return }
        connectionsPeak = connectionCount
        if connectionsPeak == Self.manyConnections { trimmer.wake() }
    }
}
