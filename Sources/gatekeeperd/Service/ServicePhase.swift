/// How far the service is on its way out: for the parts that mustn't change anything any more.
final class ServicePhase {
    /// A successor has read the configuration and the ledger, and wouldn't hear of what changes here until it serves.
    var isHandingOver = false
    /// The end was asked for, and connections are taken a while longer.
    var isLeaving = false

    static let handingOver = "a new binary is just taking over; ask again in a moment"
    static let leaving = "the service is about to stop"

    /// Throws while whatever is changed would be lost.
    func checkMayChange() throws(ControlFailure) {
        if isHandingOver { throw ControlFailure(.busy, Self.handingOver) }
    }

    /// Why the configuration isn't read again now. The manager would take READY for news of a service that it is ending.
    var obstacleToReload: String? { isHandingOver ? Self.handingOver : isLeaving ? Self.leaving : nil }
}
