internal import Gatekeeper

/// The running service at one moment, for programs that compare one moment with the next.
struct Observation: Sendable {
    /// With the sources that have come, and a few of the others.
    var report = StatusReport()
    /// How many there are.
    var sourceCount = 0
    var verdicts = VerdictTally()
    var linesDropped: UInt64 = 0
    /// The configuration that was last asked for is the one in force.
    var isLastReloadFine = true
}
