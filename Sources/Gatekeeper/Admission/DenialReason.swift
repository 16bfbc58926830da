/// Why a connection was turned away before a byte of it was read. The words are the log's (`reason`).
package enum DenialReason: UInt8, Sendable, CaseIterable {
    /// No entry of the allow-list contains the address.
    case notListed
    /// The entry that contained it has ended.
    case expired
    /// As many connections as the whole process takes are open.
    case connections
    /// As many connections as one source may have are open.
    case connectionsPerSource
    /// A load balancer that must announce the source (PROXY protocol) did not, or not legibly.
    case proxyHeader
    /// The process has no descriptor left to serve it with.
    case descriptors
    /// The kernel dropped the packet (`on_deny: drop`, or the shield was up). Counts packets, of which each attempt to connect is several.
    case dropped
    /// As many handshakes as one source may begin in a while have begun.
    case handshakesPerSource
    /// A load balancer that isn't listed began to speak TLS for itself, as its check by TLS does. Its check by connecting succeeds.
    case balancerCheck
    /// Where pages are shown to authorities, it was another that was asked for.
    case challengePage
    /// A lockdown shuts out the entry that contains the address.
    case lockdown

    package var word: StaticString {
        switch self {
        case .notListed: "not_listed"
        case .expired: "expired"
        case .connections: "connections"
        case .connectionsPerSource: "connections_per_source"
        case .proxyHeader: "proxy_header"
        case .descriptors: "descriptors"
        case .dropped: "dropped"
        case .handshakesPerSource: "handshakes_per_source"
        case .balancerCheck: "balancer_check"
        case .challengePage: "challenge_page"
        case .lockdown: "lockdown"
        }
    }
}
