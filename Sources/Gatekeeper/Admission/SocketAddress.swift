/// An address and a port to listen on or to connect to.
public struct SocketAddress: Hashable, Sendable {
    public var address: PeerAddress
    public var port: UInt16

    public init(address: PeerAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// Reads `0.0.0.0:443`, `[::]:443`, or `443`, which is `[::]:443` (every address of both families). Port 0 means any free port.
    public init(parsing text: String) throws(AddressSyntaxError) {
        self = try AddressParser.socketAddress(text)
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `a.b.c.d:port` or `[v6]:port`; what `init(parsing:)` reads.
    public var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
