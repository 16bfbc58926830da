internal import Gatekeeper

/// Compares the calendar with the clock that only goes forward: a difference between the two that changes is a jump of the calendar.
struct ClockWatch: Equatable, Sendable {
    /// The calendar's moment less the other clock's, in milliseconds, as it should be: small differences are followed, so that they never
    /// add up to a jump.
    private var usualMilliseconds: Int64?
    private(set) var jump: Jump?

    struct Jump: Equatable, Sendable {
        /// When it was noticed, by the calendar as it is since.
        var at: WallTime
        /// Positive when the calendar is ahead of where it was.
        var milliseconds: Int64
    }

    /// What an hour's correction by hand, or a virtual machine that slept, exceeds; whoever keeps the time by slewing it doesn't.
    static let jumpMillisecondsMin: Int64 = 10_000
    /// By then somebody has read of it.
    private static let rememberedMilliseconds: Int64 = 86_400_000

    mutating func look(_ wallTime: WallTime, monotonicMilliseconds: Int64) {
        let difference = wallTime.milliseconds &- monotonicMilliseconds
        guard let usual = usualMilliseconds else {
            usualMilliseconds = difference
            return
        }
        let distance = difference &- usual
        // One that was taken back is none.
        guard distance.magnitude >= UInt64(Self.jumpMillisecondsMin) else {
            (usualMilliseconds, jump) = (difference, nil)
            return
        }
        if let known = jump, (distance &- known.milliseconds).magnitude < UInt64(Self.jumpMillisecondsMin) {
            guard wallTime.milliseconds(since: known.at) > Self.rememberedMilliseconds else { return }
            (usualMilliseconds, jump) = (difference, nil)
        } else {
            jump = Jump(at: wallTime, milliseconds: distance)
        }
    }
}
