@testable import Gatekeeper

/// A peer that a test moves: what it has heard, and what it says.
final class ScenePeer: WireOwner {
    private var ownWire: Wire?
    var wire: Wire {
        guard let ownWire else { preconditionFailure("a peer has a wire from its beginning") }
        return ownWire
    }
    private let tls: PeerSession?
    private var heardBytes: [UInt8] = []
    /// What is to be said once TLS is up.
    private var unsaid: [UInt8] = []
    private(set) var isConnected = false
    /// FIN has come, or RST.
    private(set) var isEnded = false
    private(set) var isBroken = false
    /// When either has.
    private(set) var endedAt: UInt64?
    /// Called with whatever comes.
    var onNews: (ScenePeer) -> Void = { _ in }
    private let kernel: SimulatedKernel
    /// Since when it is there.
    let beganAt: UInt64

    /// A client of the core's.
    init(
        client kernel: SimulatedKernel, from peer: SocketAddress, to listener: SimulatedSocket, tls: PeerSession.Context?,
        challenge: String? = nil
    ) {
        self.kernel = kernel
        beganAt = kernel.nanoseconds
        self.tls = tls.map { PeerSession($0, isServer: false, version: .tls13, challenge: challenge) }
        ownWire = kernel.connect(from: peer, to: listener, owner: self)
    }

    /// Whom the core has connected to.
    init(upstream kernel: SimulatedKernel, _ socket: SimulatedSocket) {
        self.kernel = kernel
        beganAt = kernel.nanoseconds
        tls = nil
        ownWire = Wire(kernel, socket, self, random: kernel.random.fork())
    }

    /// When it began.
    var milliseconds: Int { Int(beganAt / 1_000_000) }
    var heard: String { String(decoding: heardBytes, as: UTF8.self) }
    private var headEnd: Int { heardBytes.firstRange(of: [13, 10, 13, 10])?.upperBound ?? heardBytes.count }
    /// The first head, with the empty line behind it.
    var head: String { String(decoding: heardBytes[..<headEnd], as: UTF8.self) }
    /// All that has come behind it.
    var content: String { String(decoding: heardBytes[headEnd...], as: UTF8.self) }
    var contentBytes: Int { heardBytes.count - headEnd }
    /// Of what look like answers.
    var statuses: [String] {
        heard.split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).dropFirst().map { String($0.prefix(3)) }
    }
    var isEstablished: Bool { tls?.isEstablished ?? isConnected }
    /// close_notify has come.
    var hasHeardGoodbye: Bool { tls?.hasEnded ?? false }

    func say(_ text: String) {
        guard let tls else { return wire.send(Array(text.utf8)) }
        unsaid += Array(text.utf8)
        guard tls.isEstablished else { return }
        tls.write(unsaid)
        unsaid = []
        flush()
    }

    func sayGoodbye() {
        tls?.closeNotify()
        flush()
    }

    /// As TLS's first word.
    func shakeHands() {
        tls?.shakeHands()
        flush()
    }

    private func flush() {
        if let output = tls?.takeOutput(), !output.isEmpty { wire.send(output) }
    }

    func connected() {
        isConnected = true
        shakeHands()
        onNews(self)
    }

    func received(_ bytes: [UInt8]) {
        if let tls { heardBytes += tls.feed(bytes) } else { heardBytes += bytes }
        flush()
        say("")
        onNews(self)
    }

    func ended() {
        isEnded = true
        endedAt = endedAt ?? kernel.nanoseconds
        onNews(self)
    }

    func broken() {
        isBroken = true
        endedAt = endedAt ?? kernel.nanoseconds
        onNews(self)
    }

    func accepted(_ bytes: [UInt8]) {}
}
