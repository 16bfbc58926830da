internal import Gatekeeper

/// Gives the service manager its signs of life.
final class Watchdog: TimedPart {
    private let plane: any DataPlane
    private let notification: ServiceNotification
    /// Nil where nobody waits for any.
    private var aliveAt: Instant?

    init(_ notification: ServiceNotification, on plane: any DataPlane, at now: Moment) {
        self.plane = plane
        self.notification = notification
        aliveAt = notification.watchdogMilliseconds.map { _ in now.instant }
    }

    var next: DueTime? { aliveAt.map { .instant($0) } }

    /// A sign of life, if every worker has given one since the last.
    func pass(at now: Moment) {
        guard let due = aliveAt, let interval = notification.watchdogMilliseconds, due <= now.instant else { return }
        if plane.isAlive() { notification.alive() }
        aliveAt = now.instant.advanced(byMilliseconds: interval)
    }
}
