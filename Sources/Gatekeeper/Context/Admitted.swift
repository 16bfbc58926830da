/// A connection that the allow-list let in, on its way to its task.
struct Admitted: Sendable {
    let descriptor: Int32
    let peer: PeerAddress
    /// The peer's.
    let port: UInt16
    /// The load balancer that named the peer.
    let proxy: PeerAddress?
    let entry: AllowList.EntryIndex
    let listener: Int
    let accepted: Instant
    let tls: TLSContext
    /// What it was judged by, and what it lives by until it looks again.
    let snapshot: Snapshot

    /// The network or address on the list that let it in.
    var source: AddressPrefix { snapshot.admission.allowList.entries[entry].prefix }
}
