internal import Gatekeeper

/// Readers of the status page who showed a wrong token, and of whom the log hasn't heard: the first at once, the others in a line a minute.
struct WrongTokens {
    static let intervalMilliseconds = 60_000

    /// Who was the last, of how many.
    struct Summary: Equatable {
        var peer: PeerAddress
        var count: UInt64
    }

    private var summary: Summary?
    /// Before then nothing more is said.
    private var quietUntil = Instant(nanoseconds: 0)

    mutating func note(_ peer: PeerAddress) {
        summary = Summary(peer: peer, count: (summary?.count ?? 0) &+ 1)
    }

    /// When there is something to say; nil if there isn't.
    var deadline: Instant? { summary == nil ? nil : quietUntil }

    /// What there is to say now, once.
    mutating func take(at now: Instant) -> Summary? {
        guard let taken = summary, quietUntil <= now else { return nil }
        summary = nil
        quietUntil = now.advanced(byMilliseconds: Self.intervalMilliseconds)
        return taken
    }
}
