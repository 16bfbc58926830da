/// Why no connection to a ticket system comes from a client's address (`upstream.source: client`).
enum TransparencyFailure: Equatable, Sendable {
    /// The system doesn't let us; its errno. EPERM where neither CAP_NET_RAW nor CAP_NET_ADMIN is there.
    case notPermitted(Int32)
    /// The ticket system has no address of the client's family.
    case otherFamily
    /// It answers us and not the client's address: its answers go elsewhere.
    case noWayBack

    /// The log's word.
    static let reason: StaticString = "upstream_transparent"
}
