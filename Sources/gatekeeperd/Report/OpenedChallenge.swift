internal import Gatekeeper

/// A window that somebody has opened for another ACME client.
struct OpenedChallenge: Equatable, Sendable {
    var name: String
    /// What is shown, 32 bytes.
    var digest: [UInt8]
    var since: WallTime
    var until: WallTime
    var endsAt: Instant
    var requester: Requester

    var challenge: PendingChallenge { PendingChallenge(name: name, proof: .handshake(digest: digest), endsAt: endsAt) }

    var json: JSON {
        .object(of: ("name", .string(name)), ("since", .time(since)), ("until", .time(until)), ("by", .string("\(requester)")))
    }
}
