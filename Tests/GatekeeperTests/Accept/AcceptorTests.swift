import Testing

@testable import Gatekeeper

struct AcceptorTests {
    @Test("a stranger is reset before a byte of it is read, and one record says so")
    func stranger() throws {
        let log = try CoreScene.run { scene in
            let peer = scene.connect(from: CoreScene.stranger)
            scene.at(100) {
                #expect(peer.isBroken && peer.heard.isEmpty)
                #expect(peer.wire.socket.bytesRead == 0)
                scene.stop()
            }
        }
        #expect(log == [.denied(CoreScene.stranger, .notListed)])
    }

    @Test("with no descriptor left whoever comes is turned away and not left hanging, and that is said once")
    func exhausted() throws {
        let log = try CoreScene.run { scene in
            scene.kernel.faults.descriptorsMax = scene.kernel.openNumbers.count
            let peers = [scene.connect(), scene.connect()]
            scene.at(100) {
                #expect(peers.allSatisfy { $0.isBroken })
                scene.stop()
            }
        }
        let denied = SimulatedLog.Entry.denied(CoreScene.client, .descriptors)
        #expect(log == [.event("descriptors_exhausted"), denied, denied])
    }

    @Test("who is one too many of a source is turned away, and another comes in when one has left")
    func perSource() throws {
        let log = try CoreScene.run {
            $0.limits.connectionsPerSourceMax = 1
        } _: { scene in
            let first = scene.connect()
            scene.at(20) {
                let second = scene.connect()
                scene.at(20) {
                    #expect(first.isEstablished && second.isBroken)
                    first.wire.finish()
                }
            }
            scene.at(80) {
                let third = scene.connect()
                scene.at(20) {
                    #expect(third.isEstablished)
                    scene.stop()
                }
            }
        }
        #expect(log == [.denied(CoreScene.client, .connectionsPerSource)])
    }
}
