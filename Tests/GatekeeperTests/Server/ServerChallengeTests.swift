import CTLS
import Glibc
import Synchronization
import Testing

@testable import Gatekeeper

@Suite("Challenges of a running server")
struct ServerChallengeTests {
    private static func settings(_ onDeny: Settings.OnDeny = .reset) throws -> Settings {
        let certificates = try TestCertificates.shared()
        var settings = Settings(
            listeners: [Settings.Listener(address: try SocketAddress(parsing: "127.0.0.1:0"))],
            tls: Settings.TLS(certificatePath: certificates.certificate, keyPath: certificates.key),
            allow: [Settings.AllowEntry(prefix: AddressPrefix(try PeerAddress(parsing: "127.0.0.2")))],
            upstream: Settings.Upstream(endpoint: .unix("/"), name: "nobody"))
        settings.onDeny = onDeny
        settings.workers = 2
        return settings
    }

    /// Waits until the peer's end has come to one.
    private static func shakeHands(_ peer: TLSPeer) -> TLSPeer.Handshake {
        while true {
            let step = peer.handshake()
            guard step == .wantsMore, System.waitReadable(peer.socket.descriptor, milliseconds: 10_000) else { return step }
        }
    }

    /// Who speaks behind a reset learns it by that.
    private static func isReset(_ socket: PeerSocket, saying bytes: [UInt8]) -> Bool {
        socket.send(bytes) == 0 || socket.receive() == .failed(ECONNRESET)
    }

    private static func filters(of server: Server) -> [SocketAddress: SocketFilter] { server.current.withLock { $0.snapshot.filters } }

    @Test(
        "validators from many networks are shown their names' certificates, whichever worker has them",
        arguments: [TLSVersion.tls12, .tls13])
    func shown(version: TLSVersion) throws {
        let file = LogFile()
        let server = try Server(settings: try Self.settings(), journalDescriptor: file.descriptor)
        let address = server.addresses[0]
        let names = ["a.example", "b.example", "192.0.2.9"]
        try server.present(names.map { ChallengePeer.challenge($0) }, http: nil)
        var peers: [TLSPeer] = []
        for index in 0..<12 {
            let name = names[index % 3]
            let socket = try PeerSocket(from: "127.0.\(index + 1).9", to: address)
            let peer = try ChallengePeer.connect(socket, for: name == "192.0.2.9" ? "9.2.0.192.in-addr.arpa" : name, version: version)
            #expect(Self.shakeHands(peer) == .done)
            #expect(peer.chosenProtocol == "acme-tls/1")
            #expect(peer.names(name))
            peers.append(peer)
        }
        for peer in peers {
            // close_notify, and an end.
            while !peer.hasReceivedCloseNotify, System.waitReadable(peer.socket.descriptor, milliseconds: 10_000) {
                #expect(peer.read() == [])
            }
            #expect(peer.takeTicket().map { unsafe SSL_SESSION_is_resumable($0.session) } != 1)
            peer.closeNotify()
            peer.flush()
        }
        peers = []
        server.drain()
        #expect(server.challengeCounts.visitors == [.shown: 12])
        let lines = try file.lines().filter { $0["event"] as? String == "challenge" }
        #expect(lines.count == 12 && lines.allSatisfy { $0["outcome"] as? String == "shown" && $0["stage"] as? String == "accept" })
        #expect(Set(lines.compactMap { $0["name"] as? String }) == Set(names))
        #expect(lines.contains { $0["peer"] as? String == "127.0.1.9" && $0["listener"] as? String == "\(address)" })
    }

    @Test("a stranger gets the same before, after, and without the right hello: a reset and not a byte")
    func strangers() throws {
        let file = LogFile()
        let server = try Server(settings: try Self.settings(), journalDescriptor: file.descriptor)
        let address = server.addresses[0]
        func knock(_ bytes: [UInt8]) throws {
            #expect(Self.isReset(try PeerSocket(from: "127.0.0.9", to: address), saying: bytes))
        }
        try knock(HelloBytes().bytes)
        try server.present([ChallengePeer.challenge()], http: nil)
        for wrong in WrongHello.all { try knock(wrong.bytes) }
        try server.present([], http: nil)
        try knock(HelloBytes().bytes)
        server.drain()
        #expect(server.challengeCounts.strangerSessions == 0)
        #expect(server.challengeCounts.visitors == [.denied: UInt64(WrongHello.all.count)])
        let lines = try file.lines()
        let reasons = Set(lines.filter { $0["event"] as? String == "denied" }.compactMap { $0["reason"] as? String })
        #expect(reasons == ["not_listed"])
        #expect(!lines.contains { $0["event"] as? String == "challenge" })
    }

    @Test("a byte of data is answered by a reset")
    func applicationData() throws {
        let server = try Server(settings: try Self.settings(), journalDescriptor: LogFile.unread.descriptor)
        try server.present([ChallengePeer.challenge()], http: nil)
        let peer = try ChallengePeer.connect(try PeerSocket(from: "127.0.0.9", to: server.addresses[0]))
        #expect(Self.shakeHands(peer) == .done)
        peer.write(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        peer.flush()
        var last = peer.socket.receive()
        while case .bytes = last { last = peer.socket.receive() }
        // Its FIN may have come before.
        if last == .end {
            peer.socket.send([0])
            #expect(System.waitReadable(peer.socket.descriptor, milliseconds: 10_000))
        }
        server.drain()
        #expect(server.challengeCounts.visitors == [.applicationData: 1])
    }

    @Test("other settings and another list leave the window open, and shut is shut")
    func settingsChange() throws {
        let server = try Server(settings: try Self.settings(), journalDescriptor: LogFile.unread.descriptor)
        let address = server.addresses[0]
        try server.present([ChallengePeer.challenge()], http: nil)
        func asks(from source: String) throws -> TLSPeer.Handshake {
            Self.shakeHands(try ChallengePeer.connect(try PeerSocket(from: source, to: address)))
        }
        var settings = try Self.settings()
        settings.limits.connectionsPerSourceMax = 7
        try server.apply(settings)
        #expect(try asks(from: "127.0.1.9") == .done)
        server.admit([])
        #expect(try asks(from: "127.0.2.9") == .done)
        try server.present([ChallengePeer.challenge("b.example")], http: nil)
        #expect(Self.isReset(try PeerSocket(from: "127.0.3.9", to: address), saying: HelloBytes().bytes))
        server.drain()
        #expect(throws: ServerError.self) { try server.present([ChallengePeer.challenge()], http: nil) }
        try server.present([], http: nil)
    }

    @Test("what has ended is taken back without being told, and filters that had made way come back")
    func expiry() throws {
        let server = try Server(settings: try Self.settings(.drop), journalDescriptor: LogFile.unread.descriptor)
        #expect(Self.filters(of: server).count == 1)
        let challenge = ChallengePeer.challenge(endsInMilliseconds: 2_000)
        try server.present([challenge], http: nil)
        #expect(Self.filters(of: server).isEmpty)
        let next = try #require(server.turnShield())
        #expect(next <= challenge.endsAt)
        while System.now() < challenge.endsAt { _ = server.wait(milliseconds: 10) }
        _ = server.turnShield()
        #expect(server.current.withLock { $0.snapshot.window == nil })
        #expect(Self.filters(of: server).count == 1)
        server.drain()
    }

    @Test("drop makes way for authorities, through other settings, another list and a lent socket, and comes back")
    func drop() throws {
        var settings = try Self.settings(.drop)
        let server = try Server(settings: settings, journalDescriptor: LogFile.unread.descriptor)
        let address = server.addresses[0]
        #expect(server.status().shield.state == .always)
        try server.present([ChallengePeer.challenge()], http: nil)
        #expect(Self.filters(of: server).isEmpty && server.status().shield.state == .lifted)
        #expect(Self.shakeHands(try ChallengePeer.connect(try PeerSocket(from: "127.0.1.9", to: address))) == .done)
        // Another stranger is reset as long, and not left without an answer.
        #expect(Self.isReset(try PeerSocket(from: "127.0.2.9", to: address), saying: WrongHello.all[0].bytes))
        settings.limits.connectionsPerSourceMax = 7
        try server.apply(settings)
        server.admit(settings.allow)
        _ = server.turnShield()
        #expect(Self.filters(of: server).isEmpty)
        server.lendListeners(true)
        server.lendListeners(false)
        #expect(Self.filters(of: server).isEmpty)
        #expect(Self.shakeHands(try ChallengePeer.connect(try PeerSocket(from: "127.0.3.9", to: address))) == .done)
        // Shut while another process may be accepting: they come back when it is known that it doesn't.
        server.lendListeners(true)
        try server.present([], http: nil)
        #expect(Self.filters(of: server).isEmpty)
        server.lendListeners(false)
        #expect(Self.filters(of: server).count == 1)
        try server.present([ChallengePeer.challenge()], http: nil)
        try server.present([], http: nil)
        #expect(Self.filters(of: server).count == 1)
        server.drain()
    }

    @Test("a shield that is up, or rises meanwhile, makes way and comes back", arguments: [false, true])
    func shield(risesMeanwhile: Bool) throws {
        var settings = try Self.settings()
        var shield = Settings.Shield()
        shield.above = Rate(count: 5, perMilliseconds: 60_000)
        settings.shield = shield
        let server = try Server(settings: settings, journalDescriptor: LogFile.unread.descriptor)
        _ = server.turnShield()
        func flood() throws {
            for index in 0..<6 {
                let socket = try PeerSocket(from: "127.0.\(index).9", to: server.addresses[0])
                #expect(Self.isReset(socket, saying: [0]))
            }
            #expect(System.waitReadable(server.floodDescriptor, milliseconds: 10_000))
            _ = server.turnShield()
        }
        if !risesMeanwhile {
            try flood()
            #expect(Self.filters(of: server).count == 1)
        }
        try server.present([ChallengePeer.challenge()], http: nil)
        _ = server.turnShield()
        if risesMeanwhile { try flood() }
        #expect(Self.filters(of: server).isEmpty)
        #expect(server.current.withLock { $0.shield.isUp } && server.status().shield.state == .lifted)
        let peer = try ChallengePeer.connect(try PeerSocket(from: "127.9.1.9", to: server.addresses[0]))
        #expect(Self.shakeHands(peer) == .done)
        try server.present([], http: nil)
        #expect(Self.filters(of: server).count == 1 && server.status().shield.state == .up)
        server.drain()
    }

    @Test("a challenge that can't be made leaves the one before")
    func refused() throws {
        let server = try Server(settings: try Self.settings(), journalDescriptor: LogFile.unread.descriptor)
        try server.present([ChallengePeer.challenge()], http: nil)
        let wrong = PendingChallenge(name: "", proof: .handshake(digest: []), endsAt: .distantFuture)
        #expect(throws: ServerError.self) { try server.present([wrong], http: nil) }
        #expect(Self.shakeHands(try ChallengePeer.connect(try PeerSocket(from: "127.0.1.9", to: server.addresses[0]))) == .done)
        server.drain()
    }
}
