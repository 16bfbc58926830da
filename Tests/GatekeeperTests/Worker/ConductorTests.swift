import Testing

@testable import Gatekeeper

struct ConductorTests {
    @Test("an address that left the list loses its connections at once, whatever they do, and others go on")
    func revoked() throws {
        let other = Scenario.sources[1]
        let log = try CoreScene.run { scene in
            let (resting, waiting, kept) = (scene.connect(), scene.connect(), scene.connect(from: other))
            waiting.say("GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(200) { scene.admit([other]) }
            scene.at(210) {
                #expect(resting.isBroken && waiting.isBroken)
                #expect(scene.upstreams.map(\.isEnded) == [true])
                #expect(kept.isEstablished && !kept.isBroken)
                scene.stop()
            }
        }
        #expect(log.contains(.event("revoked")))
        #expect(log.contains(.exchange(path: "/waits", .aborted, status: 0)))
    }

    @Test("a drain lets a request finish, closes who rests, and takes nobody in")
    func drain() throws {
        let log = try CoreScene.run { scene in
            scene.welcome = { peer in
                scene.at(2_000) { peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") }
            }
            let (resting, waiting) = (scene.connect(), scene.connect())
            waiting.say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(1_500) { scene.drain(milliseconds: 10_000) }
            scene.at(1_600) {
                let late = scene.connect()
                scene.at(100) { #expect(late.isBroken) }
            }
            scene.at(1_900) { #expect(resting.isEnded && !waiting.isEnded) }
            scene.at(2_200) { #expect(waiting.statuses == ["200"] && waiting.isEnded) }
        }
        #expect(log == [.exchange(path: "/slow", .drained, status: 200)])
    }

    @Test("a drain cuts what outlasts its time")
    func cut() throws {
        var end = 0
        let log = try CoreScene.run { scene in
            let peer = scene.connect()
            peer.say("GET /for-ever HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) { scene.drain(milliseconds: 3_000) }
            peer.onNews = { if $0.isBroken { end = scene.milliseconds } }
        }
        #expect((4_000...4_300).contains(end))
        #expect(log == [.exchange(path: "/for-ever", .aborted, status: 0)])
    }
}
