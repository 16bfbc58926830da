import Testing

@testable import Gatekeeper

/// The answer's way to the client, looked at from both ends.
struct ResponseReceiverTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    private static let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"

    /// What a client has heard when `answer` came to `request`, in pieces of so many bytes; then its connection ends.
    private func heard(
        _ answer: String, to request: String = get, pieceMax: Int = 1_460, ends: Bool = false, _ check: (ScenePeer) -> Void
    ) throws -> [SimulatedLog.Entry] {
        var faults = Faults()
        faults.pieceMax = pieceMax
        var asking: ScenePeer?
        let log = try CoreScene.run(faults: faults) { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.say(answer)
                    if ends { peer.wire.finish() }
                }
            }
            let peer = scene.connect()
            peer.say(request)
            asking = peer
            scene.at(2_000) { scene.stop() }
        }
        check(try #require(asking))
        return log
    }

    @Test("an answer torn at any byte is the same answer: interim heads, fields, data and trailers", arguments: [1, 2, 7, 100, 1_460])
    func torn(pieceMax: Int) throws {
        let answer =
            Self.hint + "HTTP/1.1 404 Not Found\r\nServer: s\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            + "5;note\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\nX-Sum: 42\r\n\r\n"
        let log = try heard(answer, pieceMax: pieceMax) { peer in
            #expect(peer.statuses == ["103", "404"])
            #expect(peer.heard.hasPrefix(Self.hint.dropLast(2)) && peer.heard.contains("\r\nServer: s\r\n"))
            let body = peer.heard.split(separator: "\r\n\r\n", maxSplits: 2, omittingEmptySubsequences: false)[2]
            let chunks = StrictChunks(Array(body.utf8))
            #expect(chunks?.data == Array("hello world".utf8))
            #expect(chunks?.trailers == ["X-Sum: 42"])
        }
        #expect(log == [.exchange(path: "/a", .completed, status: 404)])
    }

    @Test(
        "interim answers pass in their order, sixteen at most, and none to a client of HTTP/1.0",
        arguments: [(16, "1.1"), (17, "1.1"), (16, "1.0")])
    func interim(count: Int, version: String) throws {
        let answer = String(repeating: Self.hint, count: count) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        let log = try heard(answer, to: "GET /a HTTP/\(version)\r\nHost: a\r\n\r\n") { peer in
            let final = count > 16 ? "502" : "200"
            #expect(peer.statuses == (version == "1.0" ? [] : Array(repeating: "103", count: 16)) + [final])
            if final == "200" { #expect(peer.content.hasSuffix("ok")) }
        }
        #expect(log == [.exchange(path: "/a", count > 16 ? .upstreamFailed : .completed, status: count > 16 ? 502 : 200)])
    }

    private static let bodiless: [(method: String, answer: String)] = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"), ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", "HTTP/1.1 404 No\r\n\r\n"), ("GET", "HTTP/1.1 204 No Content\r\nETag: \"a\"\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"), ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]

    @Test("what has no body isn't waited for, whatever its fields say, and the next request is served", arguments: bodiless)
    func withoutBody(method: String, answer: String) throws {
        try CoreScene.run { scene in
            var answers = [answer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext"][...]
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n"), !peer.isEnded, let next = answers.popFirst() else { return }
                    peer.say(next)
                }
            }
            let peer = scene.connect()
            peer.say("\(method) /a HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) {
                #expect(peer.statuses.count == 1 && peer.heard.hasSuffix("\r\n\r\n") && peer.content == "")
                if let length = answer.firstRange(of: /Content-Length: [1-9]\d*/) { #expect(peer.head.contains(answer[length])) }
                peer.say(Self.get)
            }
            scene.at(200) {
                #expect(peer.statuses.count == 2 && peer.heard.hasSuffix("\r\n\r\nnext"))
                #expect(scene.upstreams.count == (method == "HEAD" ? 2 : 1))
                scene.stop()
            }
        }
    }

    private static let whole: [(method: String, answer: String)] =
        bodiless + [
            ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
            ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ]

    @Test("what follows a whole answer, at once or while nothing is asked, is nobody's and ends its connection", arguments: whole, [0, 20])
    func surplus(answer: (method: String, answer: String), milliseconds: Int) throws {
        var faults = Faults()
        faults.keepsPieces = true
        try CoreScene.run(faults: faults) { scene in
            scene.welcome = { peer in
                let isFirst = scene.upstreams.count == 1
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    guard isFirst else { return peer.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext") }
                    if milliseconds == 0 { return peer.say(answer.answer + Self.poison) }
                    peer.say(answer.answer)
                    scene.at(milliseconds) { peer.say(Self.poison) }
                }
            }
            let peer = scene.connect()
            peer.say("\(answer.method) /a HTTP/1.1\r\nHost: a\r\n\r\n")
            scene.at(100) {
                #expect(scene.upstreams[0].isEnded || scene.upstreams[0].isBroken)
                peer.say(Self.get)
            }
            scene.at(200) {
                #expect(peer.statuses.count == 2 && peer.heard.hasSuffix("\r\n\r\nnext"))
                #expect(!peer.heard.contains("poison") && scene.upstreams.count == 2)
                scene.stop()
            }
        }
    }

    @Test("what comes on a kept connection together with the next request is no answer to that")
    func beforeTheRequest() throws {
        var faults = Faults()
        (faults.keepsPieces, faults.delayMicrosecondsMax) = (true, 0)
        let log = try CoreScene.run(faults: faults) { scene in
            scene.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            let peer = scene.connect()
            peer.say(Self.get)
            for round in 1...20 {
                scene.at(round * 100) {
                    #expect(scene.upstreams.count == round)
                    scene.upstreams[round - 1].say(Self.poison)
                    peer.say("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                }
            }
            scene.at(3_000) {
                #expect(peer.statuses == Array(repeating: "200", count: 21) && !peer.heard.contains("poison"))
                scene.stop()
            }
        }
        #expect(log.count == 21)
    }

    @Test(
        "a body that ends with its connection gets an end of its own: the last chunk, or in HTTP/1.0 the connection's with a goodbye",
        arguments: ["1.1", "1.0"])
    func untilClose(version: String) throws {
        let log = try heard(
            "HTTP/1.1 200 OK\r\n\r\nline 1\nline 2\n", to: "GET /a HTTP/\(version)\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", ends: true
        ) { peer in
            if version == "1.1" {
                #expect(StrictChunks(Array(peer.content.utf8))?.data == Array("line 1\nline 2\n".utf8))
                #expect(!peer.head.contains("Connection: close"))
            } else {
                #expect(peer.content == "line 1\nline 2\n" && !peer.head.contains("Transfer-Encoding"))
                #expect(peer.hasHeardGoodbye)
            }
        }
        #expect(log == [.exchange(path: "/a", .completed, status: 200)])
    }

    @Test("chunks reach a client of HTTP/1.0 as their data alone")
    func oldClient() throws {
        _ = try heard(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n",
            to: "GET /a HTTP/1.0\r\nHost: a\r\n\r\n"
        ) { peer in
            #expect(peer.content == "hello world" && !peer.head.contains("Transfer-Encoding") && peer.hasHeardGoodbye)
        }
    }

    @Test(
        "a body that is cut never looks whole, in either version", arguments: ["Content-Length: 6\r\n\r\nhello", "\r\nhello"],
        ["1.1", "1.0"])
    func cut(rest: String, version: String) throws {
        var faults = Faults()
        faults.keepsPieces = true
        let log = try CoreScene.run(faults: faults) { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.say("HTTP/1.1 200 OK\r\n" + rest)
                    scene.at(50) { if rest.hasPrefix("\r\n") { peer.wire.reset() } else { peer.wire.finish() } }
                }
            }
            let peer = scene.connect()
            peer.say("GET /a HTTP/\(version)\r\nHost: a\r\n\r\n")
            scene.at(200) {
                #expect(peer.statuses == ["200"] && peer.content.contains("hello"))
                #expect(peer.isBroken && !peer.hasHeardGoodbye && !peer.heard.hasSuffix("0\r\n\r\n"))
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/a", .upstreamFailed, status: 200)])
    }

    @Test("a head that is too long is a 502, and little more of it is read than may be")
    func longHead() throws {
        let log = try CoreScene.run { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    peer.onNews = { _ in }
                    peer.say("HTTP/1.1 200 OK\r\n" + String(repeating: "X-Filler: 0123456789\r\n", count: 50_000))
                }
            }
            let peer = scene.connect()
            peer.say(Self.get)
            scene.at(3_000) {
                #expect(peer.statuses == ["502"])
                #expect(scene.upstreams[0].isBroken && scene.upstreams[0].wire.socket.bytesRead <= 256 << 10)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/a", .upstreamFailed, status: 502)])
    }

    @Test("a head that drips in has to be whole in time, however often a byte of it comes")
    func drippingHead() throws {
        let log = try CoreScene.run {
            $0.timeouts.responseMilliseconds = 5_000
        } _: { scene in
            scene.welcome = { peer in
                peer.onNews = { peer in
                    guard peer.heard.hasSuffix("\r\n\r\n") else { return }
                    peer.onNews = { _ in }
                    peer.say("HTTP/1.1 200 OK\r\nX: ")
                    for drop in 1...100 { scene.at(drop * 100) { peer.say("x") } }
                }
            }
            let peer = scene.connect()
            peer.say(Self.get)
            scene.at(4_990) { #expect(peer.statuses == []) }
            scene.at(5_050) {
                #expect(peer.statuses == ["504"])
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/a", .upstreamTimeout, status: 504)])
    }

    @Test("of an answer that the client doesn't take little is read; when it goes on, all of it arrives")
    func backpressure() throws {
        let body = String((0..<131_072).map { String(1_000_000 + $0) + "," }.joined())
        var faults = Faults()
        (faults.bufferBytes, faults.pieceMax) = (16 << 10, 16 << 10)
        let log = try CoreScene.run(faults: faults) { scene in
            scene.answer("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
            let peer = scene.connect()
            peer.say(Self.get)
            scene.at(20) { peer.wire.isReading = false }
            scene.at(20_000) {
                #expect(scene.upstreams[0].wire.socket.bytesRead < 512 << 10, "\(scene.upstreams[0].wire.socket.bytesRead)")
                peer.wire.isReading = true
            }
            scene.at(25_000) {
                #expect(peer.content == body)
                scene.stop()
            }
        }
        #expect(log == [.exchange(path: "/a", .completed, status: 200)])
    }
}
