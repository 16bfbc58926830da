import CTLS
import Glibc

@testable import Gatekeeper

/// An authority's validator by OpenSSL, on a socket.
enum ChallengePeer {
    static let digest = [UInt8](0..<32)

    static func challenge(_ name: String = "a.example", endsInMilliseconds: Int = 600_000) -> PendingChallenge {
        PendingChallenge(
            name: name, proof: .handshake(digest: digest), endsAt: System.now().advanced(byMilliseconds: endsInMilliseconds))
    }

    static func connect(
        _ socket: PeerSocket, for name: String = "a.example", version: TLSVersion = .tls13, protocols: [String] = ["acme-tls/1"]
    ) throws -> TLSPeer {
        try TLSPeer(socket, version: version) { unsafe PeerSession.askForChallenge($0, of: name, protocols: protocols) }
    }

    /// The first flight.
    static func hello(for name: String, version: TLSVersion) throws -> [UInt8] {
        let pair = try ConnectionPair.local()
        let near = PeerSocket(adopting: pair.near)
        _ = try connect(pair.far, for: name, version: version).handshake()
        guard case .bytes(let bytes) = near.receive() else { return [] }
        return bytes
    }
}

extension PeerSocket {
    /// Connects from an address of this machine, as somebody else.
    convenience init(from source: String, to address: SocketAddress) throws {
        let local = SocketAddress(address: try PeerAddress(parsing: source), port: 0)
        self.init(adopting: try System.bound(to: local, sharing: false, isFree: false).release())
        _ = fcntl(descriptor, F_SETFL, 0)
        let outcome = System.connect(descriptor, to: .ip(address))
        guard outcome == .bytes(0) else { throw SystemError("connect to \(address): \(outcome)", code: errno) }
    }
}
