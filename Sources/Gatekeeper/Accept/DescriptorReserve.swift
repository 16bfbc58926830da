/// A descriptor held back for the moment when there is no other.
///
/// Without it a full descriptor table would leave connections in the queue that nobody can accept, refuse or log: the listener stays
/// readable, the loop spins, and peers hang until they give up. With it they are accepted on the reserve's number and closed at once.
struct DescriptorReserve: ~Copyable {
    private var held: Int32

    init() {
        held = System.openNull()
    }

    deinit {
        if held >= 0 { System.close(held) }
    }

    /// Accepts one waiting connection on the reserve's number and resets it; says whose it was. Nil when there was none, or another thread took
    /// the number in between.
    mutating func shed(from listener: Int32) -> PeerAddress? {
        if held >= 0 { System.close(held) }
        defer { held = System.openNull() }
        guard case .connection(let descriptor, let peer) = System.accept(listener) else { return nil }
        System.setResetOnClose(descriptor, true)
        System.close(descriptor)
        return peer.address
    }
}
