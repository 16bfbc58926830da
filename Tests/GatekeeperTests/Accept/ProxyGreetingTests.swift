import Testing

@testable import Gatekeeper

struct ProxyGreetingTests {
    private func run(_ script: @escaping (CoreScene) -> Void) throws -> [SimulatedLog.Entry] {
        try CoreScene.run {
            $0.listeners[0].proxyProtocolFrom = [AddressPrefix(CoreScene.balancer)]
            $0.timeouts.handshakeMilliseconds = 3_000
        } _: {
            script($0)
        }
    }

    @Test("a header that comes byte by byte is read whole, and TLS begins right behind it")
    func torn() throws {
        let log = try run { scene in
            scene.answer("HTTP/1.1 204 No Content\r\n\r\n")
            let peer = scene.connect(from: CoreScene.balancer, isSealed: false)
            for (index, byte) in "PROXY TCP4 10.0.0.1 127.0.0.1 5 443\r\n".utf8.enumerated() {
                scene.at(10 * (index + 1)) {
                    #expect(peer.wire.socket.bytesRead == 0)
                    peer.wire.send([byte])
                }
            }
            scene.at(1_000) {
                #expect(peer.wire.socket.bytesRead == 37)
                scene.stop()
            }
        }
        // It was admitted, and said nothing.
        #expect(log == [.tlsFailed(CoreScene.client)])
    }

    @Test("whom a header names is judged, and reset when he isn't listed")
    func named() throws {
        let log = try run { scene in
            let peer = scene.connect(from: CoreScene.balancer, isSealed: false)
            peer.say("PROXY TCP4 192.0.2.1 127.0.0.1 5 443\r\n")
            scene.at(100) {
                #expect(peer.isBroken)
                scene.stop()
            }
        }
        #expect(log == [.denied(CoreScene.stranger, .notListed)])
    }

    @Test("a balancer that closes before its first byte leaves no record, and one that says nothing in time is denied")
    func silent() throws {
        let log = try run { scene in
            let looking = scene.connect(from: CoreScene.balancer, isSealed: false)
            scene.at(10) { looking.wire.finish() }
            let silent = scene.connect(from: CoreScene.balancer, isSealed: false)
            scene.at(2_900) { #expect(!silent.isBroken) }
            scene.at(3_200) {
                #expect(silent.isBroken)
                scene.stop()
            }
        }
        #expect(log == [.denied(CoreScene.balancer, .proxyHeader)])
    }
}
