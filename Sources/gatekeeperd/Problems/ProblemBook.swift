internal import Gatekeeper

/// What has gone wrong since the start, and the problems that it makes; belongs to the control thread.
final class ProblemBook {
    var failures = ServiceFailures()
    var absentFiles = AbsentFiles()
    var limited = LimitedSources()
    private var clock = ClockWatch()
    private var list = ProblemList()

    var problems: [Problem] { list.problems }
    var clockJump: ClockWatch.Jump? { clock.jump }

    func followClock(_ wallTime: WallTime, _ instant: Instant) {
        clock.look(wallTime, monotonicMilliseconds: Int64(clamping: instant.nanoseconds / 1_000_000))
    }

    /// Judges anew; what began and what is over is to be told.
    func follow(_ circumstances: Circumstances) -> ProblemList.Change { list.follow(circumstances.problems) }
}
