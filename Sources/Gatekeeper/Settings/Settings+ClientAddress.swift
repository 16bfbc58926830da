extension Settings.Upstream {
    /// How a ticket system is shown a client's address by the connection itself, beside the forwarded fields: for one that binds keys or users to
    /// addresses and believes no field.
    public struct ClientAddress: Sendable, Equatable {
        public var proxyProtocol = ProxyProtocol.off
        public var source = Source.own

        public init() {}
    }

    /// What each connection begins with.
    public enum ProxyProtocol: Sendable {
        case off
        /// A header of the PROXY protocol, version 2, ahead of TLS.
        case v2
    }

    /// Where connections come from.
    public enum Source: Sendable {
        /// An address of this machine's.
        case own
        /// The client's address (IP_TRANSPARENT): answers have to be routed back through this machine.
        case client
    }
}
