internal import Glibc

extension System {
    /// Whether an address is this machine's own, as routing has it; sends nothing.
    static func isOwn(_ address: PeerAddress) -> Bool {
        // The whole of 127.0.0.0/8, whose packets leave with 127.0.0.1.
        if address.isIPv4, address.low >> 24 & 0xff == 127 { return true }
        let target = SocketAddress(address: address, port: 9)
        let number = Glibc.socket(target.family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return false }
        let socket = Descriptor(owning: number)
        guard connect(socket.number, to: .ip(target)) == .bytes(0) else { return false }
        // What is sent to an own address comes from it.
        return (try? localAddress(of: socket.number).address) == address
    }
}
