internal import Gatekeeper

/// How one address that isn't listed was turned away since some hour, hour by hour.
struct Knocks: Equatable, Sendable {
    var address: PeerAddress
    /// Hours since 1970 with their counts, the earliest first.
    var hours: [(hour: Int64, count: Int64)]
    /// It knocked before that hour as well.
    var isKnown: Bool

    var count: Int64 { hours.reduce(0) { $0 &+ $1.count } }

    static func == (a: Knocks, b: Knocks) -> Bool {
        a.address == b.address && a.isKnown == b.isKnown && a.hours.elementsEqual(b.hours) { $0 == $1 }
    }
}

/// An address that may be where a silent source comes from now; or somebody who waited for its absence.
struct Candidate: Equatable, Sendable {
    var address: PeerAddress
    /// The listed address that is near it, and how near: `same /24 as 192.0.2.7`.
    var nearness: String?
    var count: Int64
    var hours: Int
    /// It hadn't knocked before the silence.
    var isNew: Bool
    /// How much of what the source would have done by its habit it did, 0 to 1.
    var likeness: Double
    /// A name that the address has, and that has the address; nil until it is known, or where there is none.
    var name: String?
    /// Higher is likelier; never a reason to let it in.
    var score: Double
    /// Likely enough for an absence that may yet be chance to be told of.
    var isStriking: Bool

    /// `192.0.2.9 (same /24 as 192.0.2.7, new, 31 times in 4 hours, in its hours)`.
    var text: String { "\(address) (\(reason))" }

    /// Why it is one: `same /24 as 192.0.2.7, new, 31 times in 4 hours, in its hours`.
    var reason: String {
        var words = [nearness, name, isNew ? "new" : "known before"].compactMap(\.self)
        words.append("\(Quantity.counted(count, "time")) in \(Quantity.counted(hours, "hour"))")
        if likeness >= 0.6 { words.append("in its hours") }
        return words.joined(separator: ", ")
    }

    var json: JSON {
        .object(
            of: ("address", .string(address.description)), ("near", nearness.map(JSON.string)), ("name", name.map(JSON.string)),
            ("new", .boolean(isNew)), ("count", .number(count)), ("hours", .number(hours)),
            ("likeness_percent", .number(Int((likeness * 100).rounded()))))
    }
}
