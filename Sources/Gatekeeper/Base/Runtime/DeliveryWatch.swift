/// When to look whether what was sent has arrived.
///
/// What lies in the kernel's send buffer looks sent, and may lie there for a quarter of an hour when the peer has vanished without a word.
/// `TCP_USER_TIMEOUT` would end such a connection, and also one whose peer merely reads nothing for a while, as it may: so the kernel is
/// asked, at most once in `timeouts.unacknowledged`, and only while something was sent (decision 0017).
struct DeliveryWatch {
    private var sentBytes: UInt64 = 0
    /// When the first byte was sent of which it isn't known that it arrived.
    private var since: Instant?

    /// - Parameter sentBytes: handed to the kernel so far.
    mutating func note(sentBytes count: UInt64, now: Instant) {
        guard count != sentBytes else { return }
        sentBytes = count
        if since == nil { since = now }
    }

    /// When to look; never while nothing was sent.
    func deadline(timeoutMilliseconds: Int) -> Instant {
        since.map { $0.advanced(byMilliseconds: timeoutMilliseconds) } ?? .distantFuture
    }

    /// What the kernel said at the deadline: true when nothing has come from the peer since then.
    mutating func isUnreachable(_ state: TransmissionState?, timeoutMilliseconds: Int, now: Instant) -> Bool {
        guard let state else { return false }
        if state.isUnreachable(forMilliseconds: timeoutMilliseconds) { return true }
        // All has arrived: the next byte begins anew. Else another look, in a while.
        since = state.isSettled ? nil : now
        return false
    }
}
