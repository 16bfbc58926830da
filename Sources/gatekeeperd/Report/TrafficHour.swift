/// What came in one hour, or in several: of one source, or of all.
struct TrafficHour: Equatable, Sendable {
    /// Exchanges that were answered well.
    var succeeded: UInt64 = 0
    /// Those that weren't: by the ticket system, for want of it, or because we refused them.
    var failed: UInt64 = 0
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0

    /// For how long hours are kept, in days.
    static let daysKept: Int64 = 63

    var requests: UInt64 { succeeded &+ failed }
    var isEmpty: Bool { requests == 0 && bytesIn == 0 && bytesOut == 0 }

    static func + (a: TrafficHour, b: TrafficHour) -> TrafficHour {
        TrafficHour(
            succeeded: a.succeeded &+ b.succeeded, failed: a.failed &+ b.failed, bytesIn: a.bytesIn &+ b.bytesIn,
            bytesOut: a.bytesOut &+ b.bytesOut)
    }
}

/// What the door as a whole has done in one hour, or in several.
struct DoorHour: Equatable, Sendable {
    /// For how long it ran.
    var milliseconds: Int64 = 0
    /// Somebody came whom the list doesn't have.
    var strangers = false
    /// Exchanges, however they ended.
    var requests: UInt64 = 0
    /// Those that the ticket system has answered 5xx, or that it couldn't be asked.
    var errors: UInt64 = 0
    /// Those that we didn't pass on.
    var refused: UInt64 = 0
    /// Of these, those that no route has.
    var routeRefusals: UInt64 = 0
    /// Those that no route has and that passed, as routes are in shadow.
    var shadowRefusals: UInt64 = 0
    /// Those that the client, or we, broke off.
    var cut: UInt64 = 0
    var tlsFailures: UInt64 = 0
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0

    /// Nothing but that it ran.
    var isQuiet: Bool { !strangers && requests == 0 && tlsFailures == 0 && bytesIn == 0 && bytesOut == 0 }

    static func + (a: DoorHour, b: DoorHour) -> DoorHour {
        DoorHour(
            milliseconds: a.milliseconds &+ b.milliseconds, strangers: a.strangers || b.strangers, requests: a.requests &+ b.requests,
            errors: a.errors &+ b.errors, refused: a.refused &+ b.refused, routeRefusals: a.routeRefusals &+ b.routeRefusals,
            shadowRefusals: a.shadowRefusals &+ b.shadowRefusals, cut: a.cut &+ b.cut, tlsFailures: a.tlsFailures &+ b.tlsFailures,
            bytesIn: a.bytesIn &+ b.bytesIn,
            bytesOut: a.bytesOut &+ b.bytesOut)
    }
}
