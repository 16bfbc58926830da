import Testing

@testable import Gatekeeper

struct ClientSessionTests {
    @Test("a connection without a request rests, and is closed with a goodbye when its time is up")
    func idle() throws {
        let log = try CoreScene.run {
            $0.timeouts.idleMilliseconds = 5_000
        } _: { scene in
            let peer = scene.connect()
            scene.at(4_900) { #expect(peer.isEstablished && !peer.isEnded) }
            scene.at(5_200) {
                #expect(peer.isEnded && peer.hasHeardGoodbye)
                scene.stop()
            }
        }
        #expect(log == [])
    }

    @Test("a request wakes a connection that rests")
    func rest() throws {
        let log = try CoreScene.run { scene in
            scene.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            let peer = scene.connect()
            for second in 1...3 { scene.at(1_000 * second) { peer.say("GET /\(second) HTTP/1.1\r\nHost: a\r\n\r\n") } }
            scene.at(4_000) {
                #expect(peer.statuses == ["200", "200", "200"])
                scene.stop()
            }
        }
        #expect(log == (1...3).map { .exchange(path: "/\($0)", .completed, status: 200) })
    }

    @Test("a head has its time as a whole, however steadily it drips")
    func drip() throws {
        let log = try CoreScene.run {
            $0.timeouts.headMilliseconds = 2_000
        } _: { scene in
            let peer = scene.connect()
            for turn in 1...40 { scene.at(100 * turn) { peer.say("G") } }
            scene.at(1_900) { #expect(peer.statuses == []) }
            scene.at(2_300) {
                #expect(peer.statuses == ["408"])
                scene.stop()
            }
        }
        #expect(log.count == 1)
    }

    @Test("requests that come together are answered one after the other, in their order")
    func pipeline() throws {
        try CoreScene.run { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n"),
                        let line = peer.heard.split(separator: "\r\n").last(where: { $0.hasPrefix("GET") })
                    else { return }
                    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + line.dropFirst(4).prefix(2))
                }
            }
            let peer = scene.connect()
            peer.say((1...4).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            scene.at(200) {
                #expect(["/1", "/2", "/3", "/4"].allSatisfy { peer.heard.contains($0) })
                #expect(peer.statuses.count == 4)
                scene.stop()
            }
        }
    }

    @Test("a client that says that it sends no more while its request is under way gets its answer, and a goodbye behind it")
    func halfClose() throws {
        let log = try CoreScene.run { scene in
            let peer = scene.connect()
            peer.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(50) { peer.sayGoodbye() }
            scene.at(500) {
                #expect(!peer.isEnded && peer.heard.isEmpty)
                scene.upstreams[0].say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
            }
            scene.at(600) {
                #expect(peer.heard.hasSuffix("\r\n\r\nlate") && peer.hasHeardGoodbye && peer.isEnded)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/", .completed, status: 200)])
    }
}
