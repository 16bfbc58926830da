import Gatekeeper

@testable import gatekeeperd

/// Both clocks of a control thread, standing still until the test turns them.
final class TurnedClock: Sendable {
    private let moment = Guarded(Moment(instant: Instant(nanoseconds: 1_000_000_000_000), wallTime: GrantScene.start))

    var now: Moment { moment.value }

    var clock: ControlClock { ControlClock { [self] in now } }

    func turn(milliseconds: Int) {
        moment.change {
            $0.instant = $0.instant.advanced(byMilliseconds: milliseconds)
            $0.wallTime = $0.wallTime.advanced(byMilliseconds: Int64(milliseconds))
        }
    }

    /// What a correction by hand does.
    func setCalendar(_ time: WallTime) { moment.change { $0.wallTime = time } }
}
