/// The client that a ticket system sees at the other end of a connection, where the connection itself shows it
/// (`upstream.proxy_protocol`, `upstream.source`).
///
/// A connection that shows one carries the requests of that one alone: two that are equal may share it, no others.
struct ShownClient: Equatable {
    let address: PeerAddress
    /// 0 where no port is shown: then all connections of an address are alike.
    let port: UInt16
    /// Where it has connected to, and with which port; as `port` where none is shown.
    let listener: PeerAddress
    let listenerPort: UInt16

    init(_ client: SocketAddress, listener: SocketAddress) {
        address = client.address
        port = client.port
        self.listener = listener.address
        listenerPort = listener.port
    }

    /// One of whom the address is all that is shown.
    init(_ address: PeerAddress) {
        self.init(SocketAddress(address: address, port: 0), listener: SocketAddress(address: PeerAddress(ipv4: 0), port: 0))
    }
}
