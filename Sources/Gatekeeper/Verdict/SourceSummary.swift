/// What the log and the ledger say of denials.
package typealias DenialSummary = SourceSummary<DenialReason>

/// The endings of one kind of one source for one reason, or of all those too many to tell apart, over a while.
package struct SourceSummary<Reason: Hashable & Sendable>: Equatable, Sendable {
    /// Nil: `others`.
    package var peer: PeerAddress?
    /// `peer` is the first address of a /64, of which several came.
    package var isNetwork = false
    package var reason: Reason
    package var count: UInt64
    /// Of the first and last one counted here, in milliseconds since 1970 UTC.
    package var firstMilliseconds: Int64
    package var lastMilliseconds: Int64
    /// How many addresses, a network counting as one; for `others` an estimate (2.3 % standard error) of those that are known.
    package var sources: Int

    /// What one customer gets of IPv6, and may change his address within.
    static var networkBits: UInt8 { 64 }

    package init(
        peer: PeerAddress?, isNetwork: Bool = false, reason: Reason, count: UInt64, firstMilliseconds: Int64, lastMilliseconds: Int64,
        sources: Int
    ) {
        self.peer = peer
        self.isNetwork = isNetwork
        self.reason = reason
        self.count = count
        self.firstMilliseconds = firstMilliseconds
        self.lastMilliseconds = lastMilliseconds
        self.sources = sources
    }

    /// Takes in what was counted apart, of the same addresses as far as they are known.
    package mutating func add(_ other: SourceSummary) {
        let (sum, overflow) = count.addingReportingOverflow(other.count)
        count = overflow ? .max : sum
        firstMilliseconds = min(firstMilliseconds, other.firstMilliseconds)
        lastMilliseconds = max(lastMilliseconds, other.lastMilliseconds)
        sources = max(sources, other.sources)
    }
}
