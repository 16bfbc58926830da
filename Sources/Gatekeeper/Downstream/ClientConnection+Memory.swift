/// What a connection may hold in memory while its client takes its time.
///
/// ```
///   ticket system ─▶ a unit of 32 KiB, or as much as the kernel's send buffer is sure to take ─▶ TLS ─▶ socket
/// ```
///
/// So at most one unit waits here for a client that doesn't read, sealed; and what waits for longer than `Waiter.longMilliseconds` lies in memory of
/// its own size, not in a buffer of the pool. With the TLS session a slow reader costs less than 64 kB over the kernel's buffers.
extension ClientConnection {
    static var unitBytes: Int { 32 << 10 }

    /// How much to take from the ticket system at once.
    ///
    /// - Parameter isBulk: the last time it was as much as that, so more will follow; then the kernel is asked what it has room for.
    func unit(isBulk: Bool) -> Int {
        guard isBulk, System.sendRoom(of: socket.descriptor) > TLSStream.writeBytesMax + (64 << 10) else { return Self.unitBytes }
        return TLSStream.writeBytesMax
    }

    /// What it holds itself lies in no more memory than it needs, or (false) may grow again.
    func park(_ isParked: Bool) {
        input?.park(isParked, in: buffers)
        tls.park(isParked)
    }

    /// As `suspend`, for a client that sends a head and may take its time.
    func suspendParking(for interest: Readiness, until deadline: Instant) async -> Waiter.Wake {
        let soon = loop.now.advanced(byMilliseconds: Waiter.longMilliseconds)
        if soon < deadline {
            let wake = await suspend(for: interest, until: soon)
            guard wake == .deadlineExceeded, loop.now >= soon else { return wake }
        }
        park(true)
        defer { park(false) }
        return await suspend(for: interest, until: deadline)
    }
}
