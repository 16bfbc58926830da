internal import Gatekeeper

/// When the entries of the configuration's allow-list came onto it and were last seen, also before this process.
///
/// Whoever has never come, or hasn't since a restart, is what somebody wants to be told of: what was seen in this process alone would say
/// nothing about him. Of a list that is longer than `countMax` the first entries are kept.
struct SourceHistory: Equatable, Sendable {
    struct Times: Equatable, Sendable {
        var listedAt: WallTime
        /// Nil: never.
        var seenAt: WallTime?
    }

    static let countMax = 1_000

    private(set) var times: [AddressPrefix: Times]
    /// The ledger doesn't know yet.
    var isChanged = false

    init(_ times: [AddressPrefix: Times] = [:]) {
        self.times = times
    }

    subscript(_ prefix: AddressPrefix) -> Times? { times[prefix] }

    /// Another list is in force: who left it is forgotten, so that he begins anew when he comes back.
    mutating func follow(_ allow: [Settings.AllowEntry], at now: WallTime) {
        var next: [AddressPrefix: Times] = [:]
        for entry in allow where !(entry.endsAtUnixSeconds.map { $0 * 1000 <= now.milliseconds } ?? false) {
            guard next.count < Self.countMax else { break }
            next[entry.prefix] = times[entry.prefix] ?? Times(listedAt: now)
        }
        isChanged = isChanged || next != times
        times = next
    }

    /// Milliseconds since 1970 by entry, of those that have come; others may be among them.
    mutating func note(_ seen: [AddressPrefix: Int64]) {
        for (prefix, milliseconds) in seen {
            guard let known = times[prefix], (known.seenAt?.milliseconds ?? 0) < milliseconds else { continue }
            times[prefix]?.seenAt = WallTime(milliseconds: milliseconds)
            isChanged = true
        }
    }
}
