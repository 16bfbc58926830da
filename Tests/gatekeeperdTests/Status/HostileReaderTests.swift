import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

/// What readers of the status page do that mean it harm, or were written badly; after each the next one is answered.
struct HostileReaderTests {
    private let scene: StatusScene

    private static let get = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

    init() throws {
        scene = try StatusScene()
    }

    private func expectWell(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try scene.status(of: Self.get) == 200, sourceLocation: sourceLocation)
        #expect(!scene.isReadable, sourceLocation: sourceLocation)
    }

    @Test("a request torn at any byte is the same request")
    func torn() throws {
        let whole = try scene.answer(to: Self.get)
        let bytes = Array(Self.get.utf8)
        for cut in 1..<bytes.count {
            let client = try scene.connect()
            _ = client.send(Array(bytes[..<cut]))
            scene.turn()
            #expect(scene.listener.nextDeadline != nil, "\(cut)")
            _ = client.send(Array(bytes[cut...]))
            #expect(try scene.answer(on: client).text == whole.text, "\(cut)")
        }
    }

    @Test("a request that comes byte by byte is one request")
    func byteByByte() throws {
        let client = try scene.connect()
        for byte in Self.get.utf8 {
            _ = client.send([byte])
            scene.turn()
        }
        #expect(try scene.answer(on: client).status == 200)
        try expectWell()
    }

    @Test("half a head is waited for until its deadline, then told so, and bytes that trickle in buy no time")
    func halfAHead() throws {
        let client = try scene.connect()
        _ = client.send(Array("GET / HTTP/1.1\r\nHost: 127".utf8))
        scene.turn()
        let deadline = try #require(scene.listener.nextDeadline)
        try expectWell()
        scene.pass(milliseconds: StatusConversation.requestMilliseconds - 1)
        _ = client.send([UInt8(ascii: ".")])
        scene.turn()
        #expect(scene.listener.nextDeadline == deadline)
        scene.pass(milliseconds: 2)
        scene.turn()
        #expect(scene.listener.nextDeadline == nil)
        #expect(try scene.answer(on: client).status == 408)
        try expectWell()
    }

    @Test(
        "what is no request, or too much of one, is refused with the status that says so",
        arguments: [
            ("hello\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: x\n\n", 400), ("GET / HTTP/2.0\r\n\r\n", 505), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET /\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\u{2}\0", 400),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: miracles\r\n\r\n", 417), ("get / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 501),
            ("GET /" + String(repeating: "a", count: 2_000) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + String(repeating: "x", count: 9_000) + "\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + String(repeating: "X: y\r\n", count: 101) + "\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + String(repeating: "x", count: 60_000), 431),
        ])
    func refused(request: String, status: Int) throws {
        #expect(try scene.status(of: request) == status)
        #expect(scene.service.observations == 0)
        try expectWell()
    }

    @Test("one that goes on sending has its answer, and is gone after a while")
    func endless() throws {
        let client = try scene.connect()
        _ = client.send(Array("GET / HTTP/1.1\r\nX: ".utf8) + Array(repeating: UInt8(ascii: "x"), count: 20_000))
        #expect(try scene.answer(on: client).status == 431)
        let deadline = try #require(scene.listener.nextDeadline)
        _ = client.send(Array(repeating: UInt8(ascii: "x"), count: 1_000))
        scene.turn()
        #expect(scene.listener.nextDeadline == deadline)
        scene.pass(milliseconds: 60_000)
        scene.turn()
        #expect(scene.listener.nextDeadline == nil)
        try expectWell()
    }

    @Test("a second request on a connection is never answered")
    func pipelined() throws {
        let client = try scene.connect()
        _ = client.send(Array((Self.get + Self.get).utf8))
        let text = String(decoding: try scene.rest(on: client), as: UTF8.self)
        #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2)
        try expectWell()
    }

    @Test("one that never reads holds its answer until the deadline, and nobody waits for it")
    func neverReads() throws {
        scene.service.observation?.report.sources = (0..<200).map {
            StatusReport.Source(address: "10.0.0.\($0)", label: String(repeating: "l", count: 60_000))
        }
        let client = try PlainSocket(
            to: try SocketName("127.0.0.1", port: scene.listener.address.port), timeoutSeconds: 5, receiveBufferBytes: 4096)
        scene.turn()
        _ = client.send(Array(Self.get.replacing("/metrics", with: "/").utf8))
        scene.turn()
        #expect(scene.listener.nextDeadline != nil)
        // Nothing to do while it doesn't read.
        #expect(eventually { !scene.isReadable })
        #expect(try scene.status(of: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == 200)
        scene.pass(milliseconds: 60_000)
        scene.turn()
        #expect(scene.listener.nextDeadline == nil)
    }

    @Test("those that connect and say nothing make room for one that asks")
    func seventeenth() throws {
        let silent = try (0..<StatusListener.readersMax).map { _ in
            scene.pass(milliseconds: 1)
            return try scene.connect()
        }
        try expectWell()
        // Whoever had waited longest is told why.
        #expect(try scene.answer(on: silent[0]).status == 503)
        let last = try #require(silent.last)
        _ = last.send(Array(Self.get.utf8))
        #expect(try scene.answer(on: last).status == 200)
    }

    @Test("those that have their answer and stay make room at once, for as many as come")
    func answered() throws {
        for _ in 0..<StatusListener.readersMax * 2 {
            let client = try scene.connect()
            // A byte too many, so that it is waited for its end.
            #expect(client.send(Array((Self.get + "X").utf8)) == nil)
            #expect(try scene.answer(on: client).status == 200)
        }
        try expectWell()
    }

    @Test("one that closes at once costs nothing, before and after it has asked")
    func closesAtOnce() throws {
        try scene.connect().close()
        scene.turn()
        for _ in 0..<100 {
            let client = try PlainSocket(to: try SocketName("127.0.0.1", port: scene.listener.address.port))
            _ = client.send(Array(Self.get.utf8))
            client.close()
            scene.turn()
            scene.turn()
        }
        // The kernel brings an end by loopback when it comes to it.
        let isOver = eventually {
            scene.turn()
            return scene.listener.nextDeadline == nil
        }
        #expect(isOver)
        try expectWell()
    }

    @Test("one that only finishes sending still gets its answer, one that does so within a head gets none")
    func halfClosed() throws {
        let client = try scene.connect()
        _ = client.send(Array(Self.get.utf8))
        client.finishSending()
        scene.turn()
        #expect(try scene.answer(on: client).status == 200)
        let cut = try scene.connect()
        _ = cut.send(Array("GET / HT".utf8))
        cut.finishSending()
        #expect(try scene.rest(on: cut).isEmpty)
    }

    @Test("garbage that began as a request has an answer or an end")
    func garbage() throws {
        var random = SeededGenerator(seed: 0x5eed)
        let request = Array("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic YTpi\r\nContent-Length: 0\r\n\r\n".utf8)
        for round in 0..<300 {
            var bytes = request
            for _ in 0...Int.random(in: 0...3, using: &random) {
                bytes[.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            let client = try scene.connect()
            _ = client.send(bytes)
            client.finishSending()
            let rest = String(decoding: try scene.rest(on: client), as: UTF8.self)
            #expect(rest.isEmpty || rest.hasPrefix("HTTP/1.1 "), "round \(round): \(bytes)")
        }
        scene.pass(milliseconds: 60_000)
        scene.turn()
        #expect(scene.listener.nextDeadline == nil)
        try expectWell()
    }

    @Test("without a descriptor for another reader the loop rests for a second, and then serves it")
    func descriptorsExhausted() async {
        await #expect(processExitsWith: .success) {
            let scene = try StatusScene()
            guard try scene.status(of: Self.get) == 200 else { exit(2) }
            let client = try PlainSocket(to: try SocketName("127.0.0.1", port: scene.listener.address.port))
            let taken = TakenDescriptors()
            scene.turn()
            guard !scene.isReadable else { exit(3) }
            guard scene.listener.nextDeadline == scene.now.advanced(byMilliseconds: 1000) else { exit(4) }
            taken.release()
            scene.pass(milliseconds: 1000)
            scene.turn()
            _ = client.send(Array(Self.get.utf8))
            guard try scene.answer(on: client).status == 200, scene.listener.nextDeadline == nil else { exit(5) }
            exit(0)
        }
    }
}
