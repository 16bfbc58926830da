import Testing

@testable import Gatekeeper

/// The request's way to the ticket system, looked at from both ends.
struct RequestSenderTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    /// No two places in it look alike.
    private static func body(_ count: Int) -> String {
        String((0...count / 8).map { String(1_000_000 + $0) + "," }.joined().prefix(count))
    }

    @Test(
        "a body of known length passes byte for byte, however it is torn, and what stands behind it is the next request",
        arguments: [(1, 1), (300, 1), (16 << 10, 1_460), (16 << 10 + 1, 7), (300_000, 16 << 10)])
    func length(count: Int, pieceMax: Int) throws {
        let body = Self.body(count)
        var faults = Faults()
        faults.pieceMax = pieceMax
        faults.delayMicrosecondsMax = 20
        try CoreScene.run(faults: faults) { scene in
            scene.welcome = { peer in
                let isFirst = scene.upstreams.count == 1
                var isAnswered = false
                peer.onNews = { peer in
                    guard !isAnswered, peer.heard.hasSuffix(isFirst ? body : "\r\n\r\n"), peer.contentBytes == (isFirst ? count : 0)
                    else { return }
                    isAnswered = true
                    peer.say(Self.ok)
                }
            }
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n" + body + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(10_000) {
                #expect(peer.statuses == ["200", "200"])
                #expect(scene.upstreams.count == 2)
                #expect(scene.upstreams[0].content == body)
                #expect(scene.upstreams[0].head.components(of: "\r\nContent-Length: \(count)\r\n") == 1)
                #expect(!scene.upstreams[0].head.contains("Transfer-Encoding"))
                #expect(scene.upstreams[1].heard.hasPrefix("GET /b HTTP/1.1\r\n"))
                scene.stop()
            }
        }
    }

    private static let chunked = "5;note=extension\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Sum: 42\r\nX-More: 1\r\n\r\n"

    @Test(
        "a chunked body that is streamed goes on in chunks of ours: its data and trailers, none of its extensions",
        arguments: [1, 7, 1_460])
    func streamed(pieceMax: Int) throws {
        var faults = Faults()
        faults.pieceMax = pieceMax
        try CoreScene.run(faults: faults) {
            $0.upstream.requestBuffering = .off
        } _: { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("X-More: 1\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.say(Self.ok)
                }
            }
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + Self.chunked)
            scene.at(1_000) {
                #expect(peer.statuses == ["200"])
                let chunks = StrictChunks(Array(scene.upstreams[0].content.utf8))
                #expect(chunks?.data == Array("hello world".utf8))
                #expect(chunks?.trailers == ["X-Sum: 42", "X-More: 1"])
                let head = scene.upstreams[0].head
                #expect(head.contains("\r\nTransfer-Encoding: chunked\r\n") && !head.contains("Content-Length"))
                scene.stop()
            }
        }
    }

    @Test("streamed, what has come of a body is with the ticket system before the rest is there, and nothing says that it is whole")
    func streams() throws {
        try CoreScene.run {
            $0.upstream.requestBuffering = .off
        } _: { scene in
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n wo")
            scene.at(100) {
                #expect(scene.upstreams.map(\.content).first?.contains("hello") == true)
                #expect(scene.upstreams.map(\.content).first?.contains("\r\n0\r\n") == false)
                peer.say("rld\r\n0\r\n\r\n")
            }
            scene.at(200) {
                #expect(StrictChunks(Array(scene.upstreams[0].content.utf8))?.data == Array("hello world".utf8))
                scene.stop()
            }
        }
    }

    @Test("collected, nothing of a chunked body leaves before it is whole, and then it has a length", arguments: [1, 1_460])
    func collected(pieceMax: Int) throws {
        var faults = Faults()
        faults.pieceMax = pieceMax
        try CoreScene.run(faults: faults) { scene in
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + Self.chunked.dropLast())
            scene.at(1_000) {
                #expect(scene.upstreams.isEmpty)
                peer.say("\r\n")
            }
            scene.at(1_100) {
                let upstream = scene.upstreams[0]
                #expect(upstream.content == "hello world")
                #expect(upstream.head.contains("\r\nContent-Length: 11\r\n") && !upstream.head.contains("Transfer-Encoding"))
                scene.stop()
            }
        }
    }

    @Test("a small body is waited for before a connection is taken, a larger one isn't", arguments: [(16 << 10, 0), (16 << 10 + 1, 1)])
    func small(count: Int, connections: Int) throws {
        let body = Self.body(count)
        try CoreScene.run { scene in
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n" + body.dropLast())
            scene.at(5_000) {
                #expect(scene.upstreams.count == connections)
                peer.say(String(body.suffix(1)))
            }
            scene.at(5_100) {
                #expect(scene.upstreams.map(\.content) == [body])
                scene.stop()
            }
        }
    }

    private static let expecting = "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"

    @Test(
        "a client that waits for a 100 is told once: when the ticket system says so, or when that has said nothing for a second",
        arguments: [300, 5_000])
    func expectation(milliseconds: Int) throws {
        let told = min(milliseconds, 1_000)
        try CoreScene.run { scene in
            scene.welcome = { peer in
                scene.at(milliseconds) { peer.say("HTTP/1.1 100 Continue\r\n\r\n") }
                peer.onNews = { if $0.heard.hasSuffix("hello") { scene.at(6_000) { peer.say(Self.ok) } } }
            }
            let peer = scene.connect()
            peer.say(Self.expecting)
            scene.at(told - 10) {
                #expect(peer.statuses == [] && scene.upstreams.map(\.content) == [""])
                #expect(scene.upstreams[0].head.contains("\r\nExpect: 100-continue\r\n"))
            }
            scene.at(told + 20) {
                #expect(peer.statuses == ["100"])
                peer.say("hello")
            }
            scene.at(8_000) {
                #expect(peer.statuses == ["100", "200"] && scene.upstreams[0].content == "hello")
                scene.stop()
            }
        }
    }

    @Test("a client that says that it waits, and sends, is not told to go on")
    func impatient() throws {
        try CoreScene.run { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("hello") else { return }
                    peer.onNews = { _ in }
                    peer.say("HTTP/1.1 100 Continue\r\n\r\n")
                    scene.at(1_500) { peer.say(Self.ok) }
                }
            }
            let peer = scene.connect()
            peer.say(Self.expecting + "hello")
            scene.at(3_000) {
                #expect(peer.statuses == ["200"])
                scene.stop()
            }
        }
    }

    @Test("an answer in the middle of a body stops it there, and both connections end with it")
    func early() throws {
        let body = Self.body(100_000)
        var passed = 0
        let log = try CoreScene.run { scene in
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body.prefix(20_000))
            scene.at(100) {
                passed = scene.upstreams[0].contentBytes
                scene.upstreams[0].say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nno")
            }
            scene.at(200) { peer.say(String(body.dropFirst(20_000).prefix(20_000))) }
            scene.at(300) { scene.upstreams[0].say("ne") }
            scene.at(400) {
                #expect(passed == 20_000 && scene.upstreams[0].contentBytes == passed)
                #expect(peer.statuses == ["413"] && peer.content == "none" && peer.head.contains("\r\nConnection: close\r\n"))
                #expect(scene.upstreams[0].isEnded || scene.upstreams[0].isBroken)
                peer.wire.finish()
            }
            scene.at(500) { scene.stop() }
        }
        #expect(log == [.exchange(path: "/a", .completed, status: 413)])
    }

    @Test(
        "of a body that the ticket system doesn't take little is read; when it goes on, all of it arrives, and else it is a 504",
        arguments: [true, false])
    func backpressure(goesOn: Bool) throws {
        let body = Self.body(1 << 20)
        var faults = Faults()
        (faults.bufferBytes, faults.pieceMax) = (16 << 10, 16 << 10)
        let log = try CoreScene.run(faults: faults) { scene in
            scene.welcome = { peer in
                peer.wire.isReading = false
                peer.onNews = { if $0.contentBytes == body.utf8.count { $0.say(Self.ok) } }
            }
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(1 << 20)\r\n\r\n" + body)
            scene.at(29_000) {
                #expect(peer.wire.socket.bytesRead < 512 << 10, "\(peer.wire.socket.bytesRead)")
                #expect(peer.statuses == [])
                if goesOn { scene.upstreams[0].wire.isReading = true }
            }
            scene.at(30_900) {
                if goesOn { #expect(scene.upstreams[0].content == body) }
                #expect(peer.statuses == [goesOn ? "200" : "504"])
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/a", goesOn ? .completed : .upstreamTimeout, status: goesOn ? 200 : 504)])
    }

    @Test(
        "a body that is refused, or whose client goes, never looks whole to the ticket system",
        arguments: [("zz\r\n", Outcome.refused), ("3\r\nabcd\r\n", .refused), ("", .clientGone)])
    func broken(rest: String, outcome: Outcome) throws {
        let log = try CoreScene.run {
            $0.upstream.requestBuffering = .off
        } _: { scene in
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            scene.at(100) { if rest.isEmpty { peer.wire.finish() } else { peer.say(rest) } }
            scene.at(200) {
                #expect(peer.statuses == (rest.isEmpty ? [] : ["400"]))
                let upstream = scene.upstreams[0]
                #expect(upstream.isEnded || upstream.isBroken)
                #expect(upstream.content.contains("hello") && StrictChunks(Array(upstream.content.utf8)) == nil)
                peer.wire.finish()
            }
            scene.at(300) { scene.stop() }
        }
        #expect(log == [.exchange(path: "/a", outcome, status: rest.isEmpty ? 0 : 400)])
    }

    @Test("a PUT under which a kept connection closes is sent again to the last byte")
    func replayed() throws {
        try CoreScene.run { scene in
            scene.welcome = { peer in
                let isFirst = scene.upstreams.count == 1
                peer.onNews = { peer in
                    guard !peer.isEnded, !peer.isBroken else { return }
                    if peer.heard.hasSuffix("\r\n\r\n"), isFirst { peer.say(Self.ok) }
                    if peer.heard.hasSuffix("hello") { if isFirst { peer.wire.finish() } else { peer.say(Self.ok) } }
                }
            }
            let peer = scene.connect()
            peer.say("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) { peer.say("PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello") }
            scene.at(300) {
                #expect(peer.statuses == ["200", "200"] && scene.upstreams.count == 2)
                let again = scene.upstreams[1].heard
                #expect(again.hasPrefix("PUT /b HTTP/1.1\r\n") && scene.upstreams[0].heard.hasSuffix("\r\n\r\n" + again))
                scene.stop()
            }
        }
    }

    @Test("a PUT of which a part has passed is not sent again: the rest alone would be another request")
    func notReplayed() throws {
        let body = Self.body(100_000)
        let log = try CoreScene.run { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard !peer.isEnded, !peer.isBroken else { return }
                    if peer.heard.hasSuffix("\r\n\r\n") { peer.say(Self.ok) } else if peer.contentBytes > 20_000 { peer.wire.finish() }
                }
            }
            let peer = scene.connect()
            peer.say("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) { peer.say("PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body) }
            scene.at(500) {
                #expect(peer.statuses == ["200", "502"] && scene.upstreams.count == 1)
                peer.wire.finish()
            }
            scene.at(600) { scene.stop() }
        }
        #expect(log.last == .exchange(path: "/b", .upstreamFailed, status: 502))
    }

    @Test("the time for which the ticket system takes nothing isn't the client's")
    func excused() throws {
        let body = Self.body(300_000)
        var faults = Faults()
        (faults.bufferBytes, faults.pieceMax) = (16 << 10, 16 << 10)
        try CoreScene.run(faults: faults) { scene in
            scene.welcome = { peer in
                peer.wire.isReading = false
                peer.onNews = { if $0.contentBytes == 300_000 { $0.say(Self.ok) } }
            }
            let peer = scene.connect()
            peer.say("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + body.prefix(24_000))
            scene.at(20_000) { scene.upstreams[0].wire.isReading = true }
            scene.at(45_000) { peer.say(String(body.dropFirst(24_000))) }
            scene.at(46_000) {
                #expect(peer.statuses == ["200"] && scene.upstreams[0].content == body)
                scene.stop()
            }
        }
    }
}
