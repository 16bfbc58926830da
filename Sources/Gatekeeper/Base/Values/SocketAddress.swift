/// An address and a port to listen on or to connect to.
public struct SocketAddress: Hashable, Sendable {
    public var address: PeerAddress
    public var port: UInt16
    /// Of a link-local address, which each interface may have its own of; the interface's name, or its number.
    public var zone: InterfaceName?

    public init(address: PeerAddress, port: UInt16, zone: InterfaceName? = nil) {
        self.address = address
        self.port = port
        self.zone = zone
    }

    /// Reads `0.0.0.0:443`, `[::]:443`, `[fe80::1%eth0]:443`, or `443`, which is `[::]:443` (every address of both families). Port 0 means
    /// any free port.
    public init(parsing text: String) throws(AddressSyntaxError) {
        self = try AddressParser.socketAddress(text)
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `a.b.c.d:port`, `[v6]:port` or `[v6%zone]:port`; what `init(parsing:)` reads.
    public var description: String {
        if address.isIPv4 { return "\(address):\(port)" }
        return zone.map { "[\(address)%\($0)]:\(port)" } ?? "[\(address)]:\(port)"
    }
}
