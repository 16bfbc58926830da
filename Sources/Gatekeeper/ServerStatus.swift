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
    /// How connections and exchanges ended, since the start.
    package var verdicts: VerdictTally
    /// Lines that the log has lost since the start.
    package var linesDropped: UInt64
    /// Every worker was asked and has answered; otherwise the counts are too low.
    package var isWhole: Bool

    public struct Upstream: Sendable {
        /// As configured.
        public var name: String
        public var isUp: Bool
        public var openConnections: Int
    }
}
