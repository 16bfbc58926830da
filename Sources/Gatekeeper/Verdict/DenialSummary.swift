/// The denials of one source, or of all those too many to tell apart, that had no line of their own.
struct DenialSummary: Equatable {
    /// nil: `others`.
    var peer: PeerAddress?
    var reason: DenialReason
    var count: UInt64
    /// Of the first and last one counted here, in milliseconds since 1970 UTC.
    var firstMilliseconds: Int64
    var lastMilliseconds: Int64
    /// How many addresses; for `others` an estimate (2.3 % standard error) of those that are known.
    var sources: Int
}
