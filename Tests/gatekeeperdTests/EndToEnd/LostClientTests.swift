import Testing

/// The door in a network of its own, whose line to the client fails. Who runs these needs CAP_NET_ADMIN, as root has.
@Suite("Networks that fail on the client's side")
struct LostClientTests {
    private static let get = "GET /events HTTP/1.1\r\nHost: t\r\n\r\n"
    private static let upgrade =
        "GET /cable HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + "Sec-WebSocket-Version: 13\r\n\r\n"
    private static let switching =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    /// A door, its line, and a ticket system that says something again and again.
    private struct Scene {
        let line: LinkedNamespace
        let upstream: ScriptedUpstream
        let daemon: Daemon
        private let folder = Result { try TemporaryFolder() }

        init(_ script: UpstreamScript, certificate: Certificates.Kind = .ecdsa, settings: String) throws {
            line = try LinkedNamespace()
            // A UNIX socket's path is the same in all networks.
            upstream = try ScriptedUpstream(path: folder.get().file("upstream"), script)
            daemon = try Daemon(
                upstream: upstream.url, listen: "\(line.farAddress):0", allow: [line.nearAddress], certificate: certificate,
                settings: settings, launcher: line.launcher)
        }

        func connect(receiveBufferBytes: Int32? = nil, timeoutSeconds: Int = 30) throws -> RawClient {
            try RawClient(
                port: daemon.port, host: line.farAddress, from: line.nearAddress, timeoutSeconds: timeoutSeconds,
                receiveBufferBytes: receiveBufferBytes)
        }

        /// What became of it, once its place at the ticket system is free.
        func verdict() throws -> LogLine {
            let line = try daemon.waitForLine(event: "request", seconds: 40)
            #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
            return line
        }
    }

    /// An event every now and then, as long as somebody takes it.
    private static func events(after head: String) -> UpstreamScript {
        UpstreamScript { connection in
            guard let request = try connection.head() else { return }
            connection.keepWithoutBody(request)
            try connection.send(head)
            // Waits for the end, and says something whenever it hasn't come yet.
            connection.socket.setTimeout(milliseconds: 200)
            while case .ended(.timedOut) = connection.receive() { try connection.send("5\r\nevent\r\n") }
        }
    }

    @Test("one that vanished while it was only sent to frees its place, and has a word of its own", arguments: [false, true])
    func vanished(isTunnel: Bool) throws {
        let head = isTunnel ? Self.switching : "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        let scene = try Scene(Self.events(after: head), settings: "websocket: true\ntimeouts: {unacknowledged: 1s}")
        let client = try scene.connect()
        try client.send(isTunnel ? Self.upgrade : Self.get)
        guard case .bytes = client.receive() else { throw Failure("no event") }
        try scene.line.cut()
        let verdict = try scene.verdict()
        #expect(verdict["outcome"] == "client_gone")
        #expect(verdict.reason == "client_unreachable")
    }

    @Test("one that vanished from a silent WebSocket, too")
    func silent() throws {
        let script = UpstreamScript { connection in
            guard let request = try connection.head() else { return }
            connection.keepWithoutBody(request)
            try connection.send(Self.switching)
            while case .bytes = connection.receive() {}
        }
        let scene = try Scene(script, settings: "websocket: true\ntimeouts: {unacknowledged: 1s}")
        let client = try scene.connect()
        #expect(try client.exchange(Self.upgrade).status == 101)
        try scene.line.cut()
        #expect(try scene.verdict().reason == "client_unreachable")
    }

    @Test("one that merely reads nothing for a while, and is there, gets everything")
    func slow() throws {
        let body = String(repeating: "a long attachment ", count: 1_000_000)
        let scene = try Scene(
            .each { _, connection in try connection.respond(body: body) }, settings: "timeouts: {unacknowledged: 1s}\nworkers: 1")
        let client = try scene.connect(receiveBufferBytes: 8_192)
        try client.send(Self.get)
        // Its window is closed for several times as long as nothing may stay unacknowledged.
        #expect(scene.daemon.log.first(seconds: 5) { $0.event == "request" } == nil)
        #expect(try client.response().text == body)
        #expect(try scene.daemon.waitForLine(event: "request")["outcome"] == "completed")
    }

    @Test("a path too narrow for our part of the handshake is called that, and the connection doesn't linger")
    func narrow() throws {
        let scene = try Scene(.echo, certificate: .rsa, settings: "timeouts: {handshake: 3s}")
        try scene.line.narrow(toBytes: 600)
        #expect(throws: Failure.self) { try scene.connect() }
        let line = try scene.daemon.waitForLine(event: "tls_failed")
        #expect(line.reason == "handshake_unacknowledged")
        // Who is there and says nothing is told apart.
        let silent = try RawClient(
            port: scene.daemon.port, host: scene.line.farAddress, from: scene.line.nearAddress, security: .plain)
        #expect([.fin, .reset].contains(silent.receiveToEnd().ending))
        try scene.daemon.waitForLine { $0.event == "tls_failed" && $0.reason == "handshake_timeout" }
        let sockets = try scene.line.output(of: ["ss", "-tanH", "state", "fin-wait-1"])
        #expect(sockets.isEmpty, "\(sockets)")
    }
}
