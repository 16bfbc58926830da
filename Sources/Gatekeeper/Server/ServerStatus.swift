/// The running server at one moment.
public struct ServerStatus: Sendable {
    public var listeners: [SocketAddress]
    /// Those of them whose address isn't the machine's now, and whether the settings allow for that.
    public var absentListeners: [(address: SocketAddress, isFree: Bool)] = []
    public var openConnections: Int
    /// Connections and requests since the start.
    public var admitted: UInt64
    public var denied: UInt64
    public var requests: UInt64
    public var shield: Shield
    /// The entries of the allow-list, in its order, with what they have brought.
    public var sources: [(entry: Settings.AllowEntry, usage: SourceUsage?)]
    public var upstreams: [Upstream]
    /// How connections and exchanges ended, since the start.
    package var verdicts: VerdictTally
    /// Lines that the log has lost since the start.
    package var linesDropped: UInt64
    /// The answers to requests of each source of the list that has a cell, in no order.
    package var answers: [(name: String, tally: AnswerTally)] = []
    /// How many connections there may be, of all and of each source.
    package var connectionsMax = 0
    package var connectionsPerSourceMax = 0
    /// Every worker was asked and has answered; otherwise the counts are too low.
    package var isWhole: Bool

    /// What the kernel does with strangers.
    public struct Shield: Sendable {
        public var state: State
        /// Since when it is up or down, in milliseconds since 1970; nil where that doesn't change.
        public var sinceMilliseconds: Int64?
        /// Packets that it has dropped since the start.
        public var dropped: UInt64
        /// A filter is in place that lets addresses through between those listed, as the list is too long for it.
        public var isCoarse = false
        /// Why it can't be raised, where that is known.
        public var obstacle: ServerError?

        public enum State: String, Sendable {
            /// The settings say never.
            case off
            case down
            case up
            /// The settings say that strangers are dropped.
            case always
            case unavailable
            /// An authority may come from anywhere just now, so nobody is dropped.
            case lifted
        }
    }

    /// With `upstream.source: client`: one whose requests are answered 502.
    package struct UntransparentClient: Equatable, Sendable {
        package var client: PeerAddress
        package var outcome: DryRun.TransparencyOutcome
        /// In milliseconds since 1970.
        package var sinceMilliseconds: Int64

        package init(client: PeerAddress, outcome: DryRun.TransparencyOutcome, sinceMilliseconds: Int64) {
            self.client = client
            self.outcome = outcome
            self.sinceMilliseconds = sinceMilliseconds
        }
    }

    public struct Upstream: Sendable {
        /// As configured.
        public var name: String
        public var isUp: Bool
        public var openConnections: Int
        public var connectionsMax: Int
        package var answers = AnswerTally()
        /// Since when it is down, in milliseconds since 1970.
        public var downSinceMilliseconds: Int64?
        /// The log's word for why.
        public var reason: String?
        /// Clients from whose addresses no connection there could come, the first one first.
        package var untransparent: [UntransparentClient] = []

        package init(
            name: String, isUp: Bool, openConnections: Int = 0, connectionsMax: Int = 0, downSinceMilliseconds: Int64? = nil,
            reason: String? = nil
        ) {
            self.name = name
            self.isUp = isUp
            self.openConnections = openConnections
            self.connectionsMax = connectionsMax
            self.downSinceMilliseconds = downSinceMilliseconds
            self.reason = reason
        }
    }
}
