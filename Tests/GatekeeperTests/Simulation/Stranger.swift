@testable import Gatekeeper

/// Somebody who isn't listed: whatever it gets is too much.
final class Stranger: WireOwner {
    private(set) var received = 0
    private var ownWire: Wire?
    var wire: Wire {
        guard let ownWire else { preconditionFailure("a peer has a wire from its beginning") }
        return ownWire
    }

    init(_ kernel: SimulatedKernel, from peer: SocketAddress, to listener: SimulatedSocket) {
        ownWire = kernel.connect(from: peer, to: listener, owner: self)
    }

    var wasAccepted: Bool { wire.socket.descriptor >= 0 }

    func connected() { wire.send(Array("hello".utf8)) }
    func received(_ bytes: [UInt8]) { received += bytes.count }
    func ended() {}
    func broken() {}
    func accepted(_ bytes: [UInt8]) {}
}
