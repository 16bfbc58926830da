import Testing

@testable import Gatekeeper

struct ClientConnectionTests {
    @Test("an answer that ends with the connection ends with close_notify, however full the socket's buffer is")
    func goodbye() throws {
        var faults = Faults()
        faults.bufferBytes = 2_048
        // The records of one of these lengths leave no room for the alert.
        for count in 1_700..<1_950 {
            try CoreScene.run(faults: faults) { scene in
                scene.welcome = { peer in
                    peer.onNews = { peer in
                        if peer.heard.hasSuffix("\r\n\r\n") {
                            peer.onNews = { _ in }
                            peer.say("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: count))
                            peer.wire.finish()
                        }
                    }
                }
                let peer = scene.connect()
                scene.at(20) {
                    peer.wire.isReading = false
                    peer.say("GET / HTTP/1.0\r\nHost: tickets\r\n\r\n")
                }
                scene.at(1_000) { peer.wire.isReading = true }
                scene.at(1_100) {
                    let body = peer.heard.split(separator: "\r\n\r\n").last ?? ""
                    #expect(body.utf8.count == count)
                    #expect(peer.hasHeardGoodbye, "behind \(count) bytes")
                    scene.stop()
                }
            }
        }
    }

    @Test("a peer that doesn't shake hands in time is let go, and a record says so")
    func handshake() throws {
        let log = try CoreScene.run {
            $0.timeouts.handshakeMilliseconds = 1_000
        } _: { scene in
            let peer = scene.connect(isSealed: false)
            scene.at(900) { #expect(!peer.isEnded) }
            scene.at(1_100) {
                #expect(peer.isEnded)
                scene.stop()
            }
        }
        #expect(log == [.tlsFailed(CoreScene.client)])
    }

    @Test("whoever still sends while it is told no can read the answer, and is waited for two seconds at most")
    func lingering() throws {
        try CoreScene.run { scene in
            let peer = scene.connect()
            peer.say("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            for turn in 1...50 { scene.at(100 * turn) { if !peer.isBroken { peer.say("more") } } }
            scene.at(500) { #expect(peer.statuses == ["400"] && peer.isEnded && !peer.isBroken) }
            scene.at(3_000) {
                #expect(!peer.wire.socket.isOpen)
                scene.stop()
            }
        }
    }
}
