/// The server name (SNI) that a connection's requests go to the ticket system with, where its certificate's name isn't configured: looked up
/// once for each host that is asked for in a row.
struct ServerNameMemory {
    private var host: [UInt8] = []
    private var generation: UInt64 = 0
    private var name: String?

    /// - Parameter host: of the request, as the ticket system is sent it.
    mutating func name(forHost host: Span<UInt8>, by snapshot: Snapshot) -> String? {
        guard let names = snapshot.upstreamNames else { return nil }
        if generation == snapshot.generation, isSame(host) { return name }
        self.host = host.indices.map { host[$0] }
        generation = snapshot.generation
        name = names.serverName(forHost: host)
        return name
    }

    private func isSame(_ other: Span<UInt8>) -> Bool {
        guard host.count == other.count else { return false }
        for index in other.indices where host[index] != other[index] { return false }
        return true
    }
}

extension ClientSession {
    /// By which a request for `host` asks for the ticket system where the configuration says no name; nil for none.
    func upstreamName(forHost host: Span<UInt8>) -> String? {
        // An address, or it would be the configuration's name.
        guard snapshot.fixedHost.isEmpty else { return nil }
        return serverNames.name(forHost: host, by: snapshot)
    }
}
