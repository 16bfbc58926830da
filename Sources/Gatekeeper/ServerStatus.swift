/// The running server at one moment.
public struct ServerStatus: Sendable {
    public var listeners: [SocketAddress]
    public var openConnections: Int
    /// Connections and requests since the start.
    public var admitted: UInt64
    public var denied: UInt64
    public var requests: UInt64
    /// The entries of the allow-list, in its order, with what they have brought.
    public var sources: [(entry: Settings.AllowEntry, usage: SourceUsage?)]
    public var upstreams: [Upstream]

    public struct Upstream: Sendable {
        /// As configured.
        public var name: String
        public var isUp: Bool
        public var openConnections: Int
    }
}
