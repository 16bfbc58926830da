/// Whether a door from which nothing is heard is one that nobody knocks at, or one that can't be reached.
///
/// A door at the internet hears strangers nearly every hour. An hour in which not one came is an outage of its own line there, and says nothing
/// of anybody. Behind a firewall, or with `on_deny: drop`, silence is usual and no proof.
struct Hearing: Equatable, Sendable {
    /// Two weeks, and how many hours of them have to have been heard in.
    private static let hoursKept = 336
    private static let knownMin = 72
    private static let usualShare = 0.9
    private static let deafMax = 72

    /// By the hour, a ring: 0 unknown, 1 nobody, 2 somebody whom the list doesn't name.
    private var hours = [UInt8](repeating: 0, count: Hearing.hoursKept)
    private var known = 0
    private var heard = 0
    /// Hours in which the door ran, from the first that was taken for an outage on, until somebody is heard.
    private var deaf = 0

    /// After so long an outage is none: nobody knocks any more, or all sources have been cut off.
    var isOutageOver: Bool { deaf >= Self.deafMax }

    /// Strangers come so regularly that an hour without any is an outage.
    var expectsStrangers: Bool { known >= Self.knownMin && Double(heard) >= Self.usualShare * Double(known) }

    /// An hour is over in which the door ran and nobody came, though somebody always does.
    mutating func closeDeaf() { deaf += 1 }

    /// An hour is over in which the door ran.
    ///
    /// - Parameter sources: somebody came whom the list names.
    mutating func close(_ hour: Int64, strangers: Bool, sources: Bool) {
        if strangers || sources { deaf = 0 } else if deaf > 0 { deaf += 1 }
        let index = Int(hour % Int64(Self.hoursKept))
        forget(hours[index])
        hours[index] = strangers ? 2 : 1
        known += 1
        if strangers { heard += 1 }
    }

    private mutating func forget(_ state: UInt8) {
        if state > 0 { known -= 1 }
        if state == 2 { heard -= 1 }
    }
}
