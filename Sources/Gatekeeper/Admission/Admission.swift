/// Whether a connection may stay, decided on its source address alone.
///
/// ```
///   accept4 ─▶ allow-list ─▶ connections ─▶ connections_per_source ─▶ admitted
///                 │               │                 │
///                 └───────────────┴─────────────────┴──▶ denied(reason): no byte read, no TLS object made
/// ```
///
/// Part of a snapshot: a reload makes another one with the same counters.
package struct Admission: Sendable {
    package let allowList: AllowList
    private let connectionsMax: Int
    private let connectionsPerSourceMax: Int
    private let counters: SourceCounters

    package init(_ allowList: AllowList, limits: Settings.Limits, counters: SourceCounters) {
        self.init(
            allowList, connectionsMax: limits.connectionsMax, connectionsPerSourceMax: limits.connectionsPerSourceMax, counters: counters)
    }

    private init(_ allowList: AllowList, connectionsMax: Int, connectionsPerSourceMax: Int, counters: SourceCounters) {
        self.allowList = allowList
        self.connectionsMax = connectionsMax
        self.connectionsPerSourceMax = connectionsPerSourceMax
        self.counters = counters
    }

    /// The same limits, with the same connections counted, for another list.
    package func admitting(_ allowList: AllowList) -> Admission {
        Admission(allowList, connectionsMax: connectionsMax, connectionsPerSourceMax: connectionsPerSourceMax, counters: counters)
    }

    /// Decides, and counts the connection if it is admitted; each `.admitted` is to be matched by one `release`.
    ///
    /// The allow-list comes first: a stranger must neither learn how full we are nor be counted.
    package func decide(_ peer: PeerAddress, nowUnixSeconds: Int64) -> AdmissionDecision {
        let entry: AllowList.EntryIndex
        switch allowList.find(peer, nowUnixSeconds: nowUnixSeconds) {
        case .entry(let found): entry = found
        case .ended: return .denied(.expired)
        case .shutOut: return .denied(.lockdown)
        case .stranger: return .denied(.notListed)
        }
        let denial = counters.take(
            peer.source(listedBy: allowList.entries[entry].prefix), connectionsMax: connectionsMax,
            connectionsPerSourceMax: connectionsPerSourceMax)
        if let denial { return .denied(denial) }
        return .admitted(entry: entry)
    }

    /// Counts a connection that a load balancer has yet to name the source of, or says why there is no room for it; each nil is to be matched by
    /// one `releaseReservation`.
    package func reserve() -> DenialReason? {
        counters.reserve(connectionsMax: connectionsMax)
    }

    package func releaseReservation() {
        counters.releaseReservation()
    }

    /// The entry that lets `peer` in; nil when it has to go.
    package func entry(for peer: PeerAddress, nowUnixSeconds: Int64) -> AllowList.EntryIndex? {
        allowList.entry(for: peer, nowUnixSeconds: nowUnixSeconds)
    }

    /// An admitted connection has ended.
    ///
    /// - Parameter prefix: of the entry that let `peer` in, which says what was counted as its source.
    package func release(_ peer: PeerAddress, listedBy prefix: AddressPrefix) {
        counters.release(peer.source(listedBy: prefix))
    }
}
