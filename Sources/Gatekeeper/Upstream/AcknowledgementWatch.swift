/// Tells a host that is gone from one that is slow: a slow one's kernel acknowledges what it is sent.
///
/// Asked again and again while an exchange waits. `TCP_USER_TIMEOUT` would do it without being asked, and would also cut an upload to an
/// application that doesn't read for a while: its window is closed, and the kernel counts that as silence though every probe is answered
/// (decision 0015).
struct AcknowledgementWatch {
    private let timeoutMilliseconds: Int
    private let intervalMilliseconds: Int
    /// When the first byte of the attempt may have left.
    private let began: Instant
    /// When to ask next.
    private(set) var next: Instant
    private var silentSince: Instant?
    /// When everything that had been sent was acknowledged last.
    private var settledAt: Instant?

    private static let intervalMillisecondsMax = 1_000
    /// The kernel counts in ticks.
    private static let tickMilliseconds: UInt64 = 10

    init(timeoutMilliseconds: Int, now: Instant) {
        self.timeoutMilliseconds = timeoutMilliseconds
        intervalMilliseconds = min(max(timeoutMilliseconds / 8, 1), Self.intervalMillisecondsMax)
        began = now
        next = now.advanced(byMilliseconds: intervalMilliseconds)
    }

    /// Whether nobody is there.
    ///
    /// - Parameter isDown: the host is known not to answer, so that one which has acknowledged nothing of this attempt isn't waited for.
    mutating func isGone(_ state: TransmissionState?, isDown: Bool, now: Instant) -> Bool {
        next = now.advanced(byMilliseconds: intervalMilliseconds)
        guard let state, !state.isSettled else {
            silentSince = nil
            settledAt = now
            return false
        }
        let silence = UInt64(state.silentMilliseconds) + Self.tickMilliseconds
        // Nothing since the attempt began, or since there was nothing to acknowledge: then nothing for as long as that.
        if silence >= now.nanoseconds(since: settledAt ?? began) / 1_000_000 {
            if isDown, settledAt == nil { return true }
            silentSince = silentSince ?? settledAt ?? began
        }
        guard let since = silentSince, silence >= now.nanoseconds(since: since) / 1_000_000 else {
            silentSince = now
            return false
        }
        return now >= since.advanced(byMilliseconds: timeoutMilliseconds)
    }
}
