/// Whether a client moves a body fast enough: a byte now and then would keep an upstream connection busy for as long as it likes.
///
/// ```
///   waiting for the client ──────────▶ window of `timeout` ──▶ quota moved? ─ yes ─▶ next window
///   waiting for the upstream ─▶ new window: its slowness isn't the client's   └─ no ──▶ deadline
/// ```
struct RateFloor {
    /// When the current window began.
    private var began: Instant
    private var bytes: UInt64 = 0
    private let quota: UInt64

    /// - Parameter bytesPerSecondMin: what must move on average over a window; with 0 one byte will do.
    init(timeoutMilliseconds: Int, bytesPerSecondMin: Int, now: Instant) {
        let (product, overflow) = UInt64(bytesPerSecondMin).multipliedReportingOverflow(by: UInt64(timeoutMilliseconds))
        quota = overflow ? .max : max(1, product / 1000)
        began = now
    }

    init(_ snapshot: Snapshot, now: Instant) {
        self.init(
            timeoutMilliseconds: snapshot.timeouts.bodyMilliseconds, bytesPerSecondMin: snapshot.limits.bodyBytesPerSecondMin, now: now)
    }

    mutating func note(_ count: UInt64, now: Instant) {
        bytes &+= count
        if bytes >= quota { restart(now: now) }
    }

    /// Somebody else is being waited for.
    mutating func restart(now: Instant) {
        began = now
        bytes = 0
    }

    func deadline(timeoutMilliseconds: Int) -> Instant {
        began.advanced(byMilliseconds: timeoutMilliseconds)
    }
}
