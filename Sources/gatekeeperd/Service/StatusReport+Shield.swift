internal import Gatekeeper

extension StatusReport.Shield {
    init(_ shield: ServerStatus.Shield) {
        state = shield.state.rawValue
        since = shield.sinceMilliseconds.map { WallTime(milliseconds: $0) }
        droppedCount = shield.dropped
        isCoarse = shield.isCoarse
        obstacle = shield.obstacle?.advised
    }
}
