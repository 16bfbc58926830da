/// Somebody who came while a challenge was pending.
struct ChallengeVisitor: Sendable {
    let peer: PeerAddress
    /// The load balancer that named the peer.
    let proxy: PeerAddress?
    let listener: Int
    let accepted: Instant
    let wants: Wish

    enum Wish: Sendable {
        /// - denied: why it would be turned away; nil for one that the list lets in, and who may be an authority all the same.
        case handshake(denied: DenialReason?)
        case page
    }

    /// Why it is turned away, unless it asks for what is pending.
    var reason: DenialReason? {
        switch wants {
        case .handshake(let reason): reason
        case .page: .challengePage
        }
    }
}
