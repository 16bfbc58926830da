import Testing

@testable import Gatekeeper

struct TunnelTests {
    /// A WebSocket that is up after 50 ms (RFC 6455 §1.3).
    private func run(_ script: @escaping (CoreScene, ScenePeer) -> Void) throws -> [SimulatedLog.Entry] {
        try CoreScene.run {
            $0.webSocket = true
            $0.timeouts.tunnelMilliseconds = 10_000
        } _: { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.say(
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
                }
            }
            let peer = scene.connect()
            peer.say(
                "GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            scene.at(50) { script(scene, peer) }
        }
    }

    @Test("behind a 101 bytes pass both ways, and the end of one side leaves the other open")
    func bothWays() throws {
        let log = try run { scene, peer in
            #expect(peer.statuses == ["101"])
            let upstream = scene.upstreams[0]
            peer.say("from the client")
            upstream.say("from the upstream")
            scene.at(50) {
                #expect(upstream.heard.hasSuffix("from the client"))
                #expect(peer.heard.hasSuffix("from the upstream"))
                upstream.wire.finish()
            }
            scene.at(100) {
                #expect(peer.hasHeardGoodbye)
                peer.say(", still there")
            }
            scene.at(150) {
                #expect(upstream.heard.hasSuffix("from the client, still there"))
                peer.sayGoodbye()
            }
            scene.at(200) {
                #expect(upstream.isEnded && peer.isEnded)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/socket", .completed, status: 101)])
    }

    @Test(
        "a ticket system that vanishes is missed when what it is sent stays unacknowledged, also behind the client's end",
        arguments: [false, true])
    func upstreamVanishes(clientEnds: Bool) throws {
        let log = try run { scene, peer in
            let upstream = scene.upstreams[0]
            upstream.wire.vanish()
            peer.say("x")
            if clientEnds { scene.at(50) { peer.sayGoodbye() } }
            scene.at(7_000) { #expect(!peer.isEnded && !peer.isBroken) }
            scene.at(9_500) {
                #expect(peer.isEnded || peer.isBroken)
                #expect(upstream.wire.socket.resetsOnClose && !upstream.wire.socket.isOpen)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/socket", .upstreamFailed, status: 101)])
    }

    @Test("a client's reset ends the tunnel while its bytes wait for a ticket system that doesn't read")
    func clientResets() throws {
        let log = try run { scene, peer in
            let upstream = scene.upstreams[0]
            upstream.wire.isReading = false
            peer.say(String(repeating: "x", count: 1 << 20))
            scene.at(1_000) { peer.wire.reset(overtaking: true) }
            scene.at(2_000) {
                #expect(!upstream.wire.socket.isOpen)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/socket", .clientGone, status: 101)])
    }

    @Test("a tunnel in which nothing moves ends when its time is up, and not before")
    func silence() throws {
        let log = try run { scene, peer in
            scene.at(5_000) { peer.say("x") }
            scene.at(14_000) { #expect(!peer.isEnded) }
            scene.at(15_500) {
                #expect(peer.isEnded && scene.upstreams[0].isEnded)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/socket", .completed, status: 101)])
    }
}
