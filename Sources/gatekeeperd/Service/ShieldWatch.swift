internal import Gatekeeper

/// Raises the shield when it is rung for, and lowers it when nobody is kept out by it any more.
final class ShieldWatch: TimedPart {
    private let plane: any DataPlane
    /// When to look at it; nil until it is rung for.
    private var lookAt: Instant?

    init(on plane: any DataPlane) {
        self.plane = plane
    }

    /// Strangers come often.
    func ring() { lookAt = plane.turnShield() }

    var next: DueTime? { lookAt.map { .instant($0) } }

    func pass(at now: Moment) {
        guard let lookAt, lookAt <= now.instant else { return }
        self.lookAt = plane.turnShield()
    }
}
