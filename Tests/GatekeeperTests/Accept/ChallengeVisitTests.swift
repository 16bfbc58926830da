import Testing

@testable import Gatekeeper

@Suite("Who comes while a challenge is pending")
struct ChallengeVisitTests {
    private static let stranger = CoreScene.stranger
    private static let name = "a.example"
    private static let denied = SimulatedLog.Entry.denied(stranger, .notListed)

    @Test("who asks for the challenge is shown it and nothing else, and the log says so once")
    func shown() throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                let peer = scene.connect(from: Self.stranger, for: Self.name)
                scene.at(100) {
                    #expect(peer.isEstablished && peer.hasHeardGoodbye && peer.isEnded && !peer.isBroken && peer.heard.isEmpty)
                    peer.sayGoodbye()
                    peer.wire.finish()
                }
                scene.at(200) {
                    #expect(scene.visits.counts.visitors == [.shown: 1] && scene.visits.counts.strangerSessions == 1)
                    scene.stop()
                }
            }
        }
        #expect(log == [.event("challenge")])
    }

    @Test("a byte behind the handshake is answered by a reset")
    func applicationData() throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                let peer = scene.connect(from: Self.stranger, for: Self.name)
                peer.say("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
                scene.at(100) {
                    #expect(peer.isEstablished && peer.isBroken && peer.heard.isEmpty)
                    #expect(scene.visits.counts.visitors == [.applicationData: 1])
                    #expect(scene.upstreams.isEmpty)
                    scene.stop()
                }
            }
        }
        #expect(log == [.event("challenge")])
    }

    @Test("who says anything else is reset with the byte that shows it, as ever, and no session is made", arguments: WrongHello.all)
    func wrong(hello: WrongHello) throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name, "b.example", "mail.example.org"])
            scene.at(10) {
                let peer = scene.connect(from: Self.stranger, isSealed: false)
                scene.at(5) { peer.wire.send(hello.bytes) }
                scene.at(200) {
                    #expect(peer.isBroken && peer.heard.isEmpty && peer.wire.socket.bytesRead == 0)
                    #expect(scene.visits.counts.visitors == [.denied: 1] && scene.visits.counts.strangerSessions == 0)
                    scene.stop()
                }
            }
        }
        #expect(log == [Self.denied])
    }

    @Test("who says nothing, or only a part, is reset after five seconds; who leaves is gone at once")
    func slow() throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                let (silent, partial) = (
                    scene.connect(from: Self.stranger, isSealed: false), scene.connect(from: Self.stranger, isSealed: false)
                )
                for (index, byte) in HelloBytes().bytes.dropLast().enumerated() { scene.at(5 + 20 * index) { partial.wire.send([byte]) } }
                let leaving = scene.connect(from: Self.stranger, isSealed: false)
                scene.at(5) {
                    leaving.wire.send([22, 3, 1])
                    leaving.wire.finish()
                }
                scene.at(4_900) {
                    #expect(!silent.isBroken && !partial.isBroken && leaving.isBroken)
                    #expect(scene.visits.counts.visitors == [.denied: 1])
                }
                scene.at(5_200) {
                    #expect(silent.isBroken && partial.isBroken && partial.wire.socket.bytesRead == 0)
                    #expect(scene.visits.counts.strangerSessions == 0)
                    scene.stop()
                }
            }
        }
        #expect(log == [Self.denied, Self.denied, Self.denied])
    }

    @Test("a hello that comes byte by byte is whole with the last one")
    func torn() throws {
        try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                let peer = scene.connect(from: Self.stranger, isSealed: false)
                let bytes = HelloBytes().bytes
                for (index, byte) in bytes.enumerated() {
                    scene.at(5 + 10 * index) {
                        #expect(scene.visits.counts.strangerSessions == 0)
                        peer.wire.send([byte])
                    }
                }
                scene.at(10 * bytes.count + 100) {
                    // It isn't a hello that OpenSSL could answer, but a session was begun.
                    #expect(scene.visits.counts.strangerSessions == 1)
                    scene.stop()
                }
            }
        }
    }

    @Test("outside of a window, before and after, and behind its end, nobody is looked at")
    func shut() throws {
        let log = try CoreScene.run { scene in
            let before = scene.connect(from: Self.stranger, for: Self.name)
            scene.at(100) { scene.present([Self.name], endsInMilliseconds: 1_000) }
            var behind: [ScenePeer] = []
            scene.at(1_200) { behind.append(scene.connect(from: Self.stranger, for: Self.name)) }
            scene.at(1_300) { scene.present([Self.name]) }
            scene.at(1_400) { scene.present([]) }
            scene.at(1_500) { behind.append(scene.connect(from: Self.stranger, for: Self.name)) }
            scene.at(1_700) {
                for peer in [before] + behind { #expect(peer.isBroken && peer.wire.socket.bytesRead == 0) }
                #expect(scene.visits.counts == ChallengeCounts())
                scene.stop()
            }
        }
        #expect(log == [Self.denied, Self.denied, Self.denied])
    }

    @Test("who is looked at when the window shuts, or when the service stops, is reset at once", arguments: [false, true])
    func ends(stops: Bool) throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            var peer: ScenePeer?
            scene.at(10) { peer = scene.connect(from: Self.stranger, isSealed: false) }
            scene.at(500) { if stops { scene.stop() } else { scene.present([]) } }
            scene.at(600) {
                #expect(peer?.isBroken == true)
                scene.stop()
            }
        }
        #expect(log == [Self.denied])
    }

    @Test("a drain ends who is looked at and hasn't asked")
    func drain() throws {
        // The scene begins with the first second.
        var end = 0
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                let peer = scene.connect(from: Self.stranger, isSealed: false)
                peer.onNews = { if $0.isBroken { end = scene.milliseconds } }
            }
            scene.at(1_000) { scene.drain(milliseconds: 30_000) }
        }
        #expect((2_000...2_200).contains(end))
        #expect(log == [Self.denied])
    }

    @Test("under on_deny: close who isn't shown the challenge gets a FIN, whatever he has said")
    func close() throws {
        var faults = Faults()
        // What comes behind the FIN is answered by a reset.
        faults.keepsPieces = true
        try CoreScene.run(faults: faults) {
            $0.onDeny = .close
        } _: { scene in
            scene.present([Self.name])
            scene.at(10) {
                let peer = scene.connect(from: Self.stranger, isSealed: false)
                scene.at(5) { peer.say("GET / HTTP/1.1\r\n\r\n") }
                scene.at(200) {
                    #expect(peer.isEnded && !peer.isBroken && peer.heard.isEmpty)
                    scene.stop()
                }
            }
        }
    }

    // MARK: Who is listed

    @Test("a listed peer that asks for the challenge is shown it, and isn't counted as connected; any other is served")
    func listed() throws {
        let log = try CoreScene.run { scene in
            scene.answer("HTTP/1.1 204 No Content\r\n\r\n")
            scene.present([Self.name])
            scene.at(10) {
                let (validator, client) = (scene.connect(for: Self.name), scene.connect())
                client.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                scene.at(200) {
                    #expect(validator.isEstablished && validator.hasHeardGoodbye && validator.heard.isEmpty)
                    #expect(client.statuses == ["204"])
                    validator.wire.finish()
                }
                scene.at(300) {
                    #expect(scene.visits.counts.visitors == [.shown: 1] && scene.visits.counts.strangerSessions == 0)
                    scene.stop()
                }
            }
        }
        #expect(log == [.exchange(path: "/", .completed, status: 204), .event("challenge")])
    }

    @Test("without a window a listed peer that asks for a challenge gets an alert, as ever")
    func listedOutside() throws {
        let log = try CoreScene.run { scene in
            let peer = scene.connect(for: Self.name)
            scene.at(200) {
                #expect(!peer.isEstablished && peer.isEnded)
                scene.stop()
            }
        }
        #expect(log == [.tlsFailed(CoreScene.client)])
    }

    @Test("a listed peer has the time of a handshake for its hello, and one that leaves the list has none", arguments: [false, true])
    func listedSilent(isRevoked: Bool) throws {
        let log = try CoreScene.run {
            $0.timeouts.handshakeMilliseconds = 3_000
        } _: { scene in
            scene.present([Self.name])
            var peer: ScenePeer?
            scene.at(10) { peer = scene.connect(isSealed: false) }
            if isRevoked {
                scene.at(1_000) { scene.admit([]) }
                scene.at(1_100) { #expect(peer?.isBroken == true) }
            }
            scene.at(2_900) { #expect(peer?.isEnded == isRevoked || peer?.isBroken == isRevoked) }
            scene.at(3_200) { scene.stop() }
        }
        #expect(log == [isRevoked ? .event("revoked") : .tlsFailed(CoreScene.client)])
    }

    // MARK: Load balancers

    @Test("whom a balancer names is shown the challenge, or turned away as ever", arguments: [false, true])
    func named(asks: Bool) throws {
        let log = try CoreScene.run {
            $0.listeners[0].proxyProtocolFrom = [AddressPrefix(CoreScene.balancer)]
        } _: { scene in
            scene.present([Self.name])
            scene.at(10) {
                let peer = scene.connect(from: CoreScene.balancer, isSealed: false)
                scene.at(5) {
                    peer.say("PROXY TCP4 192.0.2.1 127.0.0.1 5 443\r\n")
                    peer.wire.send(asks ? HelloBytes().bytes : WrongHello.all[0].bytes)
                }
                scene.at(200) {
                    #expect(scene.visits.counts.strangerSessions == (asks ? 1 : 0))
                    #expect(asks || peer.isBroken)
                    scene.stop()
                }
            }
        }
        #expect(log == [asks ? .event("challenge") : Self.denied])
    }

    // MARK: Crowds

    @Test("who holds all places of its network with silence gives way to whoever speaks")
    func crowd() throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                let silent = (0..<4).map { _ in scene.connect(from: Self.stranger, isSealed: false) }
                scene.at(100) {
                    let peer = scene.connect(from: Self.stranger, for: Self.name)
                    scene.at(100) {
                        #expect(peer.isEstablished)
                        #expect(silent.count(where: \.isBroken) == 1)
                        peer.wire.finish()
                    }
                }
                scene.at(400) { scene.stop() }
            }
        }
        #expect(log.count { $0 == Self.denied } == 4)
        #expect(log.count { $0 == .event("challenge") } == 1)
    }

    @Test("validators of one network that come at once are shown the challenge one after the other")
    func atOnce() throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                for _ in 0..<4 {
                    let peer = scene.connect(from: Self.stranger, for: Self.name)
                    peer.onNews = { if $0.isEnded { $0.wire.finish() } }
                }
                scene.at(300) { #expect(scene.visits.counts.strangerSessions == 2) }
                scene.at(1_800) {
                    #expect(scene.visits.counts.strangerSessions == 4)
                    scene.stop()
                }
            }
        }
        #expect(log.count { $0 == .event("challenge") } == 4)
        #expect(log.count { $0 == Self.denied } == 0)
    }

    @Test("of right hellos beyond two a second of a network some wait, and the others are reset, without a session")
    func rate() throws {
        let log = try CoreScene.run { scene in
            scene.present([Self.name])
            scene.at(10) {
                for _ in 0..<20 {
                    let peer = scene.connect(from: Self.stranger, for: Self.name)
                    peer.onNews = { if $0.isEnded { $0.wire.finish() } }
                }
                scene.at(400) {
                    #expect(scene.visits.counts.strangerSessions == 2)
                    scene.stop()
                }
            }
        }
        #expect(log.count { $0 == Self.denied } == 18)
    }
}
