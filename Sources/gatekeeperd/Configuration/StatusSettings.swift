internal import Gatekeeper

/// Where the status page is served, and to whom.
struct StatusSettings: Equatable, Sendable {
    var address: SocketAddress
    /// Nil where whoever is on this machine may read it.
    var token: StatusToken?
}
