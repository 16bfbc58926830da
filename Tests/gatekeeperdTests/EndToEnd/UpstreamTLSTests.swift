import Foundation
import Testing

@Suite("A ticket system behind https: who it must be, and what happens when it isn't")
struct UpstreamTLSTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: tickets\r\n\r\n"
    private static let post = "POST /ticket HTTP/1.1\r\nHost: tickets\r\nContent-Length: 6\r\n\r\nticket"

    private static func upstream(
        _ script: UpstreamScript = .echo, leaf: Certificates.Leaf? = nil, version: TLSClientContext.Version? = nil
    ) throws -> ScriptedUpstream {
        try ScriptedUpstream(tls: TLSServer(leaf ?? Certificates.shared().leaf(.ecdsa), version: version), script)
    }

    /// In front of `upstream`, trusting the test's authority unless told otherwise.
    private static func daemon(
        _ upstream: ScriptedUpstream, by name: String = "127.0.0.1", _ settings: String? = nil, top: String = ""
    ) throws -> Daemon {
        try Daemon(
            upstream: upstream.url.replacingOccurrences(of: "127.0.0.1", with: name),
            upstreamSettings: try settings ?? "ca: \(Certificates.shared().authority)", settings: top)
    }

    /// The base64 of the SHA-256 of a certificate's public key, made by openssl(1) as an admin would.
    private static func pin(of leaf: Certificates.Leaf) throws -> String {
        let folder = try TemporaryFolder()
        let command =
            "openssl x509 -pubkey -noout -in \(leaf.certificate) | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"
        let process = try ChildProcess(
            "sh", ["-c", command], output: OpenFile(creating: folder.file("pin")), errors: OpenFile(creating: folder.file("errors")))
        guard try process.waitForEnd() == .exited(0) else { throw Failure("no pin") }
        return try String(contentsOfFile: folder.file("pin"), encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test("a certificate of the configured authority is trusted for its address and its name", arguments: ["127.0.0.1", "localhost"])
    func trusted(name: String) throws {
        let asked = Awaited<String>()
        let upstream = try Self.upstream(
            .each { _, connection in
                asked.resolve(connection.session?.serverName ?? "none")
                try connection.respond(body: "ok")
            })
        let daemon = try Self.daemon(upstream, by: name)
        #expect(try RawClient(to: daemon).exchange(Self.post).text == "ok")
        #expect(upstream.requests.first?.text == "ticket")
        // An address isn't a server name (RFC 6066 §3).
        #expect(asked.wait(seconds: 30) == (name == "localhost" ? "localhost" : "none"))
    }

    private static let misfits: [(Certificates.Misfit, String)] = [
        (.expired, "upstream_certificate_expired"), (.wrongName, "upstream_certificate_name"),
        (.selfSigned, "upstream_certificate_untrusted"),
    ]

    @Test("a certificate that doesn't fit is a 502, the log says why, and nothing of the request is sent", arguments: misfits)
    func untrusted(misfit: Certificates.Misfit, reason: String) throws {
        let upstream = try Self.upstream(leaf: Certificates.shared().misfit(misfit))
        let daemon = try Self.daemon(upstream, by: "localhost")
        let answer = try RawClient(to: daemon).exchange(Self.post)
        #expect(answer.status == 502)
        #expect(answer["content-type"] == "application/problem+json")
        #expect(try daemon.waitForLine(event: "request")["reason"] == reason)
        #expect(upstream.requests.isEmpty)
    }

    @Test("without an authority of its own, the system's are asked, and they don't know this one")
    func systemAuthorities() throws {
        let upstream = try Self.upstream()
        let daemon = try Self.daemon(upstream, "")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 502)
        #expect(try daemon.waitForLine(event: "request")["reason"] == "upstream_certificate_untrusted")
        #expect(upstream.requests.isEmpty)
    }

    @Test(
        "a pinned key is trusted though nobody signed for it; another isn't", arguments: [true, false], TLSClientContext.Version.allCases)
    func pinned(isRight: Bool, version: TLSClientContext.Version) throws {
        let certificates = try Certificates.shared()
        let upstream = try Self.upstream(leaf: certificates.misfit(.selfSigned), version: version)
        let pin = try Self.pin(of: isRight ? certificates.misfit(.selfSigned) : certificates.leaf(.ecdsa))
        let daemon = try Self.daemon(upstream, "pin_sha256: \(pin)")
        let client = try RawClient(to: daemon)
        for _ in 1...2 { #expect(try client.exchange(Self.post).status == (isRight ? 200 : 502)) }
        if !isRight { #expect(try daemon.waitForLine(event: "request")["reason"] == "upstream_certificate_pin") }
        #expect(upstream.requests.count == (isRight ? 2 : 0))
    }

    @Test("a pin beside an authority is asked for as well")
    func pinAndAuthority() throws {
        let certificates = try Certificates.shared()
        let upstream = try Self.upstream()
        for (leaf, status) in [(certificates.leaf(.ecdsa), 200), (certificates.leaf(.rsa), 502)] {
            let daemon = try Daemon(
                upstream: upstream.url, settings: "",
                upstreamLines: ["ca: \(certificates.authority)", "pin_sha256: sha256//\(Self.pin(of: leaf))"])
            #expect(try RawClient(to: daemon).exchange(Self.get).status == status)
        }
    }

    @Test(
        "a ticket system that wants a certificate is shown ours, and refuses without", arguments: [true, false],
        TLSClientContext.Version.allCases)
    func clientCertificate(isShown: Bool, version: TLSClientContext.Version) throws {
        let certificates = try Certificates.shared()
        let leaf = certificates.leaf(.ecdsa)
        let server = try TLSServer(leaf, version: version, clientAuthority: certificates.authority)
        let upstream = try ScriptedUpstream(tls: server, .echo)
        let ours = ["certificate: \(leaf.certificate)", "key: \(leaf.key)"]
        let daemon = try Daemon(
            upstream: upstream.url, settings: "", upstreamLines: ["ca: \(certificates.authority)"] + (isShown ? ours : []))
        #expect(try RawClient(to: daemon).exchange(Self.post).status == (isShown ? 200 : 502))
        #expect(upstream.requests.count == (isShown ? 1 : 0))
        let reason = try daemon.waitForLine(event: "request")["reason"]
        #expect(reason == (isShown ? nil : "upstream_tls_client_certificate"))
        let check = try Daemon.run(["check", "--config", daemon.configuration])
        #expect(check.output.contains("it demands a client certificate; set upstream.certificate") != isShown, "\(check)")
    }

    @Test("a connection is kept, whatever TLS itself says on it, and a POST goes over it", arguments: TLSClientContext.Version.allCases)
    func reuse(version: TLSClientContext.Version) throws {
        let upstream = try Self.upstream(
            .each { _, connection in
                try connection.respond(body: "\(connection.number)")
                if version == .tls13 { connection.session?.sendTicket() }
            }, version: version)
        let settings = try "ca: \(Certificates.shared().authority)\n  reuse_after_body: true"
        let daemon = try Self.daemon(upstream, settings, top: "workers: 1")
        let client = try RawClient(to: daemon)
        for _ in 1...5 {
            #expect(try client.exchange(Self.get).text == "1")
            #expect(try client.exchange(Self.post).text == "1")
        }
        #expect(upstream.connectionCount == 1)
    }

    @Test("the next connection resumes the session", arguments: TLSClientContext.Version.allCases)
    func resumption(version: TLSClientContext.Version) throws {
        let upstream = try Self.upstream(
            .each { _, connection in try connection.respond(body: connection.session?.isResumed == true ? "resumed" : "full") },
            version: version)
        let daemon = try Self.daemon(upstream, top: "workers: 1")
        let client = try RawClient(to: daemon)
        #expect(try client.exchange(Self.get).text == "full")
        upstream.closeConnections()
        #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        #expect(try client.exchange(Self.get).text == "resumed")
    }

    @Test("a crash with connections in the pool costs no request, POST or not")
    func restarted() throws {
        let upstream = try Self.upstream()
        let daemon = try Self.daemon(upstream)
        let client = try RawClient(to: daemon)
        for request in [Self.get, Self.post, Self.get, Self.post] {
            #expect(try client.exchange(request).status == 200)
            upstream.closeConnections()
            #expect(upstream.waitForOpenConnections(atMost: 0) == 0)
        }
        #expect(upstream.requests.count == 4)
    }

    @Test("large bodies pass both ways, byte for byte", arguments: TLSClientContext.Version.allCases)
    func large(version: TLSClientContext.Version) throws {
        let folder = try TemporaryFolder()
        let file = try folder.writeRandom(20 << 20, to: "large")
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        let upstream = try Self.upstream(
            UpstreamScript { connection in
                while let head = try connection.head() {
                    let digest = Digest()
                    let request = try connection.body(of: head) { digest.update($0) }
                    if head.method == "GET" {
                        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(bytes.count)\r\n\r\n")
                        try connection.send(bytes)
                    } else {
                        try connection.respond(body: "\(request.bodyCount) \(digest.finish())")
                    }
                }
            }, version: version)
        let daemon = try Self.daemon(upstream)
        let received = folder.file("received")
        let digest = Digest.hex(of: bytes)
        for framing in [["-T", file], ["-T", "-", "-H", "Transfer-Encoding: chunked"]] {
            let upload = try Curl(framing + ["-X", "POST", daemon.url + "/up"], input: framing[1] == "-" ? file : nil)
            #expect(upload.text == "\(bytes.count) \(digest)", "\(upload.errors)")
        }
        #expect(try Curl(["-o", received, daemon.url + "/down"]).status == 200)
        #expect(Digest.hex(of: Array(try Data(contentsOf: URL(fileURLWithPath: received)))) == digest)
    }

    @Test("a body that ends with the connection is whole with close_notify, and cut without", arguments: [true, false])
    func closeDelimited(isOrderly: Bool) throws {
        let upstream = try Self.upstream(
            UpstreamScript { connection in
                guard try connection.request() != nil else { return }
                try connection.send("HTTP/1.1 200 OK\r\n\r\nhello")
                if !isOrderly {
                    connection.socket.finishSending()
                    _ = connection.receive()
                }
            })
        let daemon = try Self.daemon(upstream)
        let client = try RawClient(to: daemon)
        if isOrderly {
            #expect(try client.exchange(Self.get).text == "hello")
        } else {
            try client.send(Self.get)
            #expect(throws: Failure.self) { try client.response() }
        }
    }

    @Test("an end that comes with an answer's last bytes is that of both, though the connection stays", arguments: [true, false])
    func endWithAnswer(hasLength: Bool) throws {
        let upstream = try Self.upstream(
            UpstreamScript { connection in
                guard try connection.request() != nil else { return }
                connection.socket.hold(true)
                if hasLength { try connection.respond(body: "hello") } else { try connection.send("HTTP/1.1 200 OK\r\n\r\nhello") }
                connection.session?.finishSending()
                connection.socket.hold(false)
                // As whoever waits for our part of it.
                _ = connection.receive()
            })
        let daemon = try Self.daemon(upstream, top: "workers: 1")
        let client = try RawClient(to: daemon)
        for request in [Self.get, Self.post, Self.get] { #expect(try client.exchange(request).text == "hello") }
        #expect(upstream.connectionCount == 3)
    }

    @Test("a ticket system that speaks HTTP on that port is a 502 at once")
    func plain() throws {
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                _ = connection.receive()
                try connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            })
        let daemon = try Daemon(upstream: upstream.url.replacingOccurrences(of: "http:", with: "https:"), settings: "")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 502)
        #expect(try daemon.waitForLine(event: "request")["reason"] == "upstream_tls")
    }

    @Test("a handshake that doesn't come to its end is a 504 in time")
    func silent() throws {
        let upstream = try ScriptedUpstream(.neverReads)
        let daemon = try Daemon(
            upstream: upstream.url.replacingOccurrences(of: "http:", with: "https:"), settings: "timeouts: {connect: 300ms}")
        #expect(try RawClient(to: daemon).exchange(Self.get).status == 504)
        #expect(try daemon.waitForLine(event: "request")["reason"] == "upstream_tls_silent")
    }

    @Test("an early answer reaches a client that still sends")
    func earlyAnswer() throws {
        let upstream = try Self.upstream(.earlyAnswer401)
        let daemon = try Self.daemon(upstream)
        let client = try RawClient(to: daemon)
        try client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2000000\r\n\r\nbegin")
        #expect(try client.response().status == 401)
    }

    @Test("a client that goes takes its request with it")
    func clientGoes() throws {
        let silent = try Self.upstream(.neverAnswers)
        let daemon = try Self.daemon(silent)
        let goes = try RawClient(to: daemon)
        try goes.send(Self.post)
        try silent.waitForRequests(1)
        goes.reset()
        #expect(silent.waitForOpenConnections(atMost: 0) == 0)
        #expect(try daemon.waitForLine(event: "request")["outcome"] == "client_gone")
    }

    @Test("a WebSocket passes through both TLS sessions")
    func webSocket() throws {
        let upstream = try Self.upstream(
            UpstreamScript { connection in
                guard try connection.head() != nil else { return }
                try connection.send(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
                while case .bytes(let bytes) = connection.receive() { try connection.send(bytes) }
                try connection.send("bye")
            })
        let daemon = try Self.daemon(upstream, top: "websocket: true")
        let client = try RawClient(to: daemon)
        let handshake =
            "GET / HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Version: 13\r\n\r\n"
        #expect(try client.exchange(handshake).status == 101)
        try client.send("hello")
        #expect(client.receive() == .bytes(Array("hello".utf8)))
        client.finishSending()
        let (rest, ending) = client.receiveToEnd()
        #expect(String(decoding: rest, as: UTF8.self) == "bye" && ending == .closeNotify)
    }
}
