internal import Gatekeeper

/// Who can connect to an address, and what else can be bound beside it.
extension SocketAddress {
    /// Only programs of this machine can connect to it.
    var isLoopback: Bool {
        address.isIPv4 ? address.low >> 24 & 0xff == 127 : address.high == 0 && address.low == 1
    }

    /// Every address of the machine, of one family or of both.
    var isWildcard: Bool { address == PeerAddress(ipv4: 0) || address == PeerAddress(high: 0, low: 0) }

    /// Whether a socket here takes what comes for `other`, which is one address: of IPv4 too, unless another listener is for all of that.
    func takes(from other: SocketAddress, among listeners: [Located<Settings.Listener>]) -> Bool {
        guard port == other.port, port != 0, isWildcard, !other.isWildcard else { return false }
        if address.isIPv4 || !other.address.isIPv4 { return address.isIPv4 == other.address.isIPv4 }
        return !listeners.contains { $0.value.address == SocketAddress(address: PeerAddress(ipv4: 0), port: port) }
    }

    /// Whether sockets on both would be in each other's way.
    func overlaps(_ other: SocketAddress) -> Bool {
        port == other.port && port != 0 && (address == other.address || isWildcard || other.isWildcard)
    }
}
