import Testing

@testable import Gatekeeper

/// Connections that show the ticket system a client: `upstream.proxy_protocol` and `upstream.source`.
struct ShownClientTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @discardableResult
    private func run(
        _ clientAddress: (inout Settings.Upstream.ClientAddress) -> Void, _ script: @escaping (CoreScene) -> Void
    ) throws -> [SimulatedLog.Entry] {
        try CoreScene.run {
            clientAddress(&$0.upstream.clientAddress)
        } _: { scene in
            // The signature of a header looks like the end of a head.
            scene.welcome = { peer in
                var answered = 0
                peer.onNews = { peer in
                    while answered < peer.heard.components(of: "GET ") {
                        answered += 1
                        peer.say(Self.answer)
                    }
                }
            }
            script(scene)
        }
    }

    private static func introduction(_ clientAddress: inout Settings.Upstream.ClientAddress) { clientAddress.proxyProtocol = .v2 }

    @Test("two connections of one address never share one to the ticket system, and each keeps its own")
    func perConnection() throws {
        try run(Self.introduction) { scene in
            let clients = [scene.connect(), scene.connect()]
            for turn in 0..<3 {
                for (index, client) in clients.enumerated() {
                    scene.at(100 + 200 * turn + 100 * index) { client.say(Self.get) }
                }
            }
            scene.at(1_000) {
                #expect(scene.upstreams.map { $0.heard.components(of: "GET ") } == [3, 3])
                // Each begins with its header, and has no other.
                #expect(scene.upstreams.map { $0.heard.components(of: "QUIT") } == [1, 1])
                #expect(scene.upstreams.allSatisfy { $0.heard.hasPrefix("\r\n\r\n\0\r\nQUIT\n") })
                scene.stop()
            }
        }
    }

    @Test("when a client's connection ends, the one that was for it alone ends too")
    func forgotten() throws {
        try run(Self.introduction) { scene in
            let (leaving, staying) = (scene.connect(), scene.connect())
            for client in [leaving, staying] { scene.at(100) { client.say(Self.get) } }
            scene.at(200) {
                #expect(scene.upstreams.map(\.isEnded) == [false, false])
                leaving.sayGoodbye()
                leaving.wire.finish()
            }
            scene.at(400) {
                #expect(scene.upstreams.filter(\.isEnded).count == 1)
                scene.stop()
            }
        }
    }

    @Test("an idle one gives its slot to another client's request at once")
    func slots() throws {
        let log = try CoreScene.run {
            $0.upstream.clientAddress.proxyProtocol = .v2
            $0.upstream.connectionsMax = 1
        } _: { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in if peer.heard.hasSuffix("Host: a\r\n\r\n") || peer.heard.contains("GET ") { peer.say(Self.answer) }
                }
            }
            let (first, second) = (scene.connect(), scene.connect(from: Scenario.sources[1]))
            scene.at(100) { first.say(Self.get) }
            scene.at(300) { second.say(Self.get) }
            scene.at(1_000) {
                #expect(second.statuses == ["200"])
                #expect(scene.upstreams.count == 2)
                scene.stop()
            }
        }
        #expect(log.count == 2)
    }

    @Test("one that comes from a client's address is for that address, by whichever of its connections")
    func perAddress() throws {
        try run {
            $0.source = .client
        } _: { scene in
            let clients = [scene.connect(), scene.connect(), scene.connect(from: Scenario.sources[1])]
            for (index, client) in clients.enumerated() { scene.at(100 * (index + 1)) { client.say(Self.get) } }
            scene.at(1_000) {
                #expect(scene.upstreams.map { $0.heard.components(of: "GET ") } == [2, 1])
                #expect(
                    scene.upstreams.map { $0.wire.socket.boundTo }
                        == [Scenario.sources[0], Scenario.sources[1]].map { SocketAddress(address: $0, port: 0) })
                scene.stop()
            }
        }
    }

    @Test("a client of a family that the ticket system hasn't is answered 502, and told from one that is down")
    func otherFamily() throws {
        let client = PeerAddress(high: 0x2001_0db8_0000_0000, low: 1)
        let log = try CoreScene.run {
            $0.upstream.clientAddress.source = .client
            $0.allow.append(Settings.AllowEntry(prefix: AddressPrefix(client)))
        } _: { scene in
            let peer = scene.connect(from: client)
            scene.at(100) { peer.say(Self.get) }
            scene.at(500) {
                #expect(peer.statuses == ["502"])
                #expect(scene.upstreams.isEmpty)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/", .upstreamFailed, status: 502)])
    }
}
