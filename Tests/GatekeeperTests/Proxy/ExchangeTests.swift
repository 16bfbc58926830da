import Testing

@testable import Gatekeeper

struct ExchangeTests {
    /// A GET that leaves a kept connection, then `request`, under which that one closes; a fresh one answers.
    private func closeUnder(_ request: String, check: @escaping (CoreScene, ScenePeer) -> Void) throws -> [SimulatedLog.Entry] {
        try CoreScene.run { scene in
            scene.welcome = { peer in
                let isFirst = scene.upstreams.count == 1
                peer.onNews = { peer in
                    guard !peer.isEnded, !peer.isBroken else { return }
                    let asked = peer.heard.components(of: "\r\n\r\n")
                    if asked == 1, peer.heard.hasSuffix("\r\n\r\n") || !isFirst {
                        peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                    }
                    if isFirst, asked == 2 { peer.wire.finish() }
                }
            }
            let peer = scene.connect()
            peer.say("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) { peer.say(request) }
            scene.at(300) {
                check(scene, peer)
                scene.stop()
            }
        }
    }

    @Test("a POST under which a kept connection closes is answered 502, and not sent again")
    func lostPost() throws {
        let log = try closeUnder("POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello") { scene, peer in
            #expect(peer.statuses == ["200", "502"])
            #expect(scene.upstreams.count == 1)
        }
        #expect(log.last == .exchange(path: "/second", .upstreamFailed, status: 502))
    }

    @Test("a GET under which a kept connection closes is sent again, over a new one")
    func repeatedGet() throws {
        let log = try closeUnder("GET /second HTTP/1.1\r\nHost: a\r\n\r\n") { scene, peer in
            #expect(peer.statuses == ["200", "200"])
            #expect(scene.upstreams.count == 2)
        }
        #expect(log.last == .exchange(path: "/second", .completed, status: 200))
    }

    @Test("an answer that breaks off is cut and not ended: no goodbye, and no last chunk")
    func truncated() throws {
        let log = try CoreScene.run { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n"), !peer.isEnded else { return }
                    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
                    peer.wire.finish()
                }
            }
            let peer = scene.connect()
            peer.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(200) {
                #expect(peer.isBroken && !peer.hasHeardGoodbye && !peer.heard.contains("\r\n0\r\n"))
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/", .upstreamFailed, status: 200)])
    }

    @Test("a client that leaves takes its request's upstream connection with it")
    func clientGone() throws {
        let log = try CoreScene.run { scene in
            let peer = scene.connect()
            peer.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) { peer.wire.finish() }
            scene.at(200) {
                #expect(scene.upstreams.map(\.isEnded) == [true])
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/", .clientGone, status: 0)])
    }

    @Test("what a ticket system that vanished hasn't got never comes behind the answer that it was lost", arguments: [false, true])
    func noLateDelivery(clientLeaves: Bool) throws {
        try CoreScene.run { scene in
            scene.welcome = { $0.wire.vanish() }
            let peer = scene.connect()
            peer.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            if clientLeaves { scene.at(2_000) { peer.wire.finish() } }
            scene.at(20_000) {
                #expect(peer.statuses == (clientLeaves ? [] : ["502"]))
                #expect(scene.upstreams[0].wire.socket.resetsOnClose, "a FIN would be tried for minutes, with all before it")
                scene.stop()
            }
        }
    }

    @Test("a ticket system that is known to be down isn't up because an old answer of its own breaks off")
    func oldAnswer() throws {
        let log = try CoreScene.run {
            $0.timeouts.streamMilliseconds = 5_000
        } _: { scene in
            scene.answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
            let peer = scene.connect()
            peer.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) {
                scene.upstreams[0].wire.vanish()
                #expect(scene.health.noteSilence(now: System.now(), isPrompted: true) == .down)
            }
            scene.at(10_000) {
                #expect(peer.isBroken && !scene.health.isUp)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/", .upstreamTimeout, status: 200)])
    }

    @Test("of a body whose answer comes early not a byte follows")
    func early() throws {
        try CoreScene.run { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    if peer.heard.hasSuffix("\r\n\r\n") { peer.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n") }
                }
            }
            let peer = scene.connect()
            peer.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            scene.at(100) { peer.say(String(repeating: "x", count: 1_000)) }
            scene.at(200) {
                #expect(peer.statuses == ["413"])
                #expect(!scene.upstreams[0].heard.contains("x"))
                scene.stop()
            }
        }
    }

    @Test("a 100 that comes together with the final answer is not told behind that one's head")
    func lateContinue() throws {
        var faults = Faults()
        faults.keepsPieces = true
        try CoreScene.run(faults: faults) { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n")
                    scene.at(50) { peer.say("no") }
                }
            }
            let peer = scene.connect()
            peer.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
            scene.at(200) {
                #expect(peer.statuses == ["404"] && peer.heard.hasSuffix("\r\n\r\nno"))
                scene.stop()
            }
        }
    }
}
