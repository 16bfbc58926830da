/// How long a kept connection may lie idle: as the settings say, or less where a ticket system was seen to close them earlier.
///
/// One that closes idle connections after a second (Starman) has us keep them for three quarters of that, so that a POST doesn't meet the closing.
/// What was learned is doubled every minute that passes without another such closing, up to the setting.
struct LearnedIdleTime {
    private let settingMilliseconds: UInt64
    private(set) var milliseconds: UInt64
    /// When what was learned is doubled; never while nothing is known.
    private(set) var forgetAt: Instant = .distantFuture

    /// Shorter lives are taken for a restart of the ticket system and not for its habit.
    private static let millisecondsMin: UInt64 = 100
    private static let forgetAfterMilliseconds = 60_000

    init(settingMilliseconds: Int) {
        self.settingMilliseconds = UInt64(settingMilliseconds)
        milliseconds = self.settingMilliseconds
    }

    /// The ticket system closed an idle connection at this age.
    mutating func learn(_ ageMilliseconds: UInt64, now: Instant) {
        guard ageMilliseconds < milliseconds else { return }
        milliseconds = max(ageMilliseconds * 3 / 4, Self.millisecondsMin)
        forgetAt = now.advanced(byMilliseconds: Self.forgetAfterMilliseconds)
    }

    mutating func forget(now: Instant) {
        guard now >= forgetAt else { return }
        milliseconds = min(milliseconds * 2, settingMilliseconds)
        forgetAt = milliseconds == settingMilliseconds ? .distantFuture : now.advanced(byMilliseconds: Self.forgetAfterMilliseconds)
    }
}
