import Gatekeeper
import Testing

@testable import gatekeeperd

/// What clients do to the control socket that mean it harm, or were written badly; after each the service answers the next one.
struct HostileClientTests {
    private let scene: ControlScene

    init() throws {
        scene = try ControlScene()
    }

    private func expectWell(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let reply = try scene.reply(to: "{\"gatekeeper\":1,\"command\":\"confirm\"}\n")
        #expect(reply?["ok"]?.boolean == true, sourceLocation: sourceLocation)
        #expect(!scene.isReadable, sourceLocation: sourceLocation)
    }

    private func failure(_ line: String) throws -> String? {
        let reply = try scene.reply(to: line)
        #expect(reply?["ok"]?.boolean == false)
        return reply?.string("code")
    }

    @Test("half a line is waited for until the deadline, and then told so")
    func halfALine() throws {
        let client = try scene.ask("{\"gatekeeper\":1,")
        let deadline = try #require(scene.socket.nextDeadline)
        try expectWell()
        // Bytes that trickle in don't buy time.
        scene.pass(milliseconds: 9_000)
        _ = client.send([0x20])
        scene.turn()
        #expect(scene.socket.nextDeadline == deadline)
        scene.pass(milliseconds: 1_001)
        scene.turn()
        #expect(scene.socket.nextDeadline == nil)
        #expect(scene.reply(on: client)?.string("code") == "timeout")
        #expect(scene.service.log == ["confirm"])
    }

    @Test("a request of 64 KiB is read, one byte more is refused")
    func tooLong() throws {
        let body = "{\"gatekeeper\":1,\"command\":\"status\"}"
        let longest = body + String(repeating: " ", count: ControlConversation.requestBytesMax - body.utf8.count - 1) + "\n"
        #expect(longest.utf8.count == 64 << 10)
        #expect(try scene.reply(to: longest)?["ok"]?.boolean == true)
        let client = try scene.connect()
        _ = client.send(Array(repeating: 0x20, count: (64 << 10) + 1))
        scene.turn()
        #expect(scene.reply(on: client)?.string("code") == "invalid")
        try expectWell()
    }

    @Test("a line that comes byte by byte is one request")
    func byteByByte() throws {
        let client = try scene.connect()
        for byte in "{\"gatekeeper\":1,\"command\":\"reload\"}\n".utf8 {
            _ = client.send([byte])
            scene.turn()
        }
        #expect(scene.reply(on: client)?["ok"]?.boolean == true)
        try expectWell()
    }

    @Test(
        "what is no request is refused with a reason",
        arguments: [
            ("\n", "invalid"), ("hello\n", "invalid"), ("GET / HTTP/1.1\r\n", "invalid"), ("\0\0\0\0\n", "invalid"), ("[]\n", "invalid"),
            ("{\"gatekeeper\":1,\"command\":\"status\0\"}\n", "invalid"),
            ("{\"command\":\"status\"}\n", "version"), ("{\"gatekeeper\":2,\"command\":\"status\"}\n", "version"),
            ("{\"gatekeeper\":\"1\",\"command\":\"status\"}\n", "version"), ("{\"gatekeeper\":1}\n", "invalid"),
            ("{\"gatekeeper\":1,\"command\":\"stop\"}\n", "invalid"),
            ("{\"gatekeeper\":1,\"command\":\"status\",\"all\":true}\n", "invalid"),
            ("{\"gatekeeper\":1,\"gatekeeper\":1,\"command\":\"status\"}\n", "invalid"),
            ("{\"gatekeeper\":1,\"command\":\"status\"}\n{", "invalid"),
        ])
    func garbage(line: String, code: String) throws {
        #expect(try failure(line) == code)
        #expect(scene.service.log.isEmpty)
        try expectWell()
    }

    @Test("bytes that are no UTF-8 and nesting without end are refused")
    func depth() throws {
        let client = try scene.connect()
        _ = client.send([0xff, 0xfe, 0x80, 0x0a])
        scene.turn()
        #expect(scene.reply(on: client)?.string("code") == "invalid")
        #expect(try failure(String(repeating: "[", count: 60_000) + "\n") == "invalid")
        try expectWell()
    }

    @Test("a client that closes at once costs nothing, before and after it has asked")
    func closesAtOnce() throws {
        try scene.connect().close()
        scene.turn()
        for _ in 0..<100 {
            let client = try PlainSocket(to: try SocketName(path: scene.path))
            _ = client.send(Array("{\"gatekeeper\":1,\"command\":\"status\"}\n".utf8))
            client.close()
            scene.turn()
            scene.turn()
        }
        #expect(scene.socket.nextDeadline == nil)
        try expectWell()
    }

    @Test("a client that never reads holds its answer until the deadline, and nobody waits for it")
    func neverReads() throws {
        scene.service.report.sources = (0..<900).map {
            StatusReport.Source(address: "10.0.\($0 / 250).\($0 % 250)", label: String(repeating: "l", count: 300))
        }
        let client = try scene.ask("{\"gatekeeper\":1,\"command\":\"status\"}\n")
        #expect(scene.socket.nextDeadline != nil)
        // Nothing to do while it doesn't read.
        #expect(!scene.isReadable)
        try expectWell()
        scene.pass(milliseconds: 11_000)
        scene.turn()
        #expect(scene.socket.nextDeadline == nil)
        // What came is cut short, and so no answer.
        #expect(scene.reply(on: client) == nil)
    }

    @Test("a large answer is taken in as many pieces as it needs")
    func largeAnswer() throws {
        scene.service.report.sources = (0..<900).map {
            StatusReport.Source(address: "10.0.\($0 / 250).\($0 % 250)", label: String(repeating: "l", count: 300))
        }
        let reply = try scene.reply(to: "{\"gatekeeper\":1,\"command\":\"status\"}\n")
        #expect(reply?["result"]?["sources_total"]?.integer == 900)
    }

    @Test("an answer beyond its limit is replaced by one that says so")
    func endlessAnswer() throws {
        scene.service.report.problems = [
            Problem(.logLost, String(repeating: "p", count: ControlReply.bytesMax), cure: "c", since: GrantScene.start)
        ]
        #expect(try failure("{\"gatekeeper\":1,\"command\":\"status\"}\n") == "too_large")
    }

    @Test("the seventeenth client is told to come back, and the first sixteen stay")
    func seventeenth() throws {
        let clients = try (0..<ControlSocket.clientsMax).map { _ in try scene.connect() }
        #expect(scene.reply(on: try scene.connect())?.string("code") == "busy")
        let last = try #require(clients.last)
        _ = last.send(Array("{\"gatekeeper\":1,\"command\":\"confirm\"}\n".utf8))
        scene.turn()
        #expect(scene.reply(on: last)?["ok"]?.boolean == true)
        try expectWell()
        scene.pass(milliseconds: 10_001)
        scene.turn()
        #expect(scene.socket.nextDeadline == nil)
    }

    @Test("a client that only finishes sending still gets its answer")
    func halfClosed() throws {
        let client = try scene.connect()
        _ = client.send(Array("{\"gatekeeper\":1,\"command\":\"confirm\"}\n".utf8))
        client.finishSending()
        scene.turn()
        #expect(scene.reply(on: client)?["ok"]?.boolean == true)
    }
}
