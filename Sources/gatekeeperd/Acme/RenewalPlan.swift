internal import Gatekeeper

/// When a certificate is to be ordered, and when not again yet. Goes by the times that it is given; what it knows outlives the process.
struct RenewalPlan: Equatable, Sendable {
    /// What the authority suggests (RFC 9773 § 4.2), and the moment of it that we have drawn.
    struct Window: Equatable, Sendable {
        var start, end, moment: WallTime
    }

    enum Why: String, Sendable {
        /// There is none, or it can't be read.
        case missing
        /// It is for other names, or of another authority or profile.
        case changed
        /// The authority says so.
        case suggested
        /// Two thirds of its lifetime are over, half of a short one.
        case lifetime
        /// Somebody has asked for it.
        case asked
    }

    struct Due: Equatable, Sendable {
        var at: WallTime
        var why: Why
    }

    var window: Window?
    /// Attempts that failed, the last few.
    private(set) var failures: [WallTime] = []
    /// One after the other.
    private(set) var failureCount = 0
    /// How long after the last of them nothing is tried.
    private(set) var pauseMilliseconds: Int64 = 0

    static let hour: Int64 = 3_600_000
    static let day: Int64 = 24 * hour
    private static let shortLifetime = 10 * day
    private static let firstPause: Int64 = 900_000
    private static let lastPause = 12 * hour
    /// An authority locks a name out after five within an hour.
    private static let hourlyFailuresMax = 4

    init() {}

    init(window: Window?, failures: [WallTime], failureCount: Int, pauseMilliseconds: Int64) {
        self.window = window
        self.failures = failures.suffix(Self.hourlyFailuresMax)
        self.failureCount = max(0, failureCount)
        self.pauseMilliseconds = min(max(0, pauseMilliseconds), Self.day)
    }

    /// - Parameter lifetime: of the certificate that is there; nil if there is none.
    func due(_ lifetime: CertificateLifetime?, at now: WallTime) -> Due {
        guard let lifetime else { return Due(at: now, why: .missing) }
        let whole = max(0, lifetime.end.milliseconds(since: lifetime.start))
        // However near the end that an authority gives or suggests, it isn't asked all the time.
        let first = lifetime.start.advanced(byMilliseconds: min(whole / 4, Self.day))
        if let window {
            let last = lifetime.start.advanced(byMilliseconds: whole / 10 * 9)
            return Due(at: max(first, min(window.moment, last)), why: .suggested)
        }
        let part = whole < Self.shortLifetime ? whole / 2 : whole / 3 * 2
        return Due(at: max(first, lifetime.start.advanced(byMilliseconds: part)), why: .lifetime)
    }

    /// Another moment is drawn only where the window is another.
    mutating func follow(_ start: WallTime, _ end: WallTime, random: UInt64) {
        if window?.start == start, window?.end == end { return }
        let span = UInt64(max(0, end.milliseconds(since: start)))
        window = Window(start: start, end: end, moment: start.advanced(byMilliseconds: Int64(clamping: random % (span + 1))))
    }

    /// 15 minutes, then twice as long each time, and up to a fifth more; less where little is left of the certificate.
    mutating func fail(at now: WallTime, _ lifetime: CertificateLifetime?, retryMilliseconds: Int64?, random: UInt64) {
        failures = (failures + [now]).suffix(Self.hourlyFailuresMax)
        let left = lifetime.map { max(0, $0.end.milliseconds(since: now)) } ?? 0
        let longest = max(Self.firstPause, left == 0 ? Self.hour : min(Self.lastPause, left / 8))
        let pause = min(Self.firstPause << min(failureCount, 10), longest)
        failureCount += 1
        pauseMilliseconds = min(max(pause + Int64(random % UInt64(pause / 5)), retryMilliseconds ?? 0), Self.day)
    }

    /// One that counts for the authority, and is no reason to wait.
    mutating func count(at now: WallTime) {
        failures = (failures + [now]).suffix(Self.hourlyFailuresMax)
    }

    /// How much of the pause is left. A clock that was set back doesn't make it longer.
    func pauseLeft(at now: WallTime) -> Int64 {
        guard let last = failures.last else { return 0 }
        return min(max(0, pauseMilliseconds - now.milliseconds(since: last)), pauseMilliseconds)
    }

    /// How long one who asks has to wait: so many have failed within the hour.
    func lockLeft(at now: WallTime) -> Int64 {
        guard failures.count == Self.hourlyFailuresMax, let first = failures.first else { return 0 }
        return min(max(0, Self.hour - now.milliseconds(since: first)), Self.hour)
    }

    /// What stood in the way may be gone: only the lock stays.
    mutating func forgetPause() {
        (failureCount, pauseMilliseconds) = (0, 0)
    }
}
