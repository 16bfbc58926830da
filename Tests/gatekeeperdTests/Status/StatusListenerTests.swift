import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct StatusListenerTests {
    private static let host = "Host: 127.0.0.1\r\n\r\n"
    private static let token = "correct-horse-battery"

    private func get(_ path: String, _ fields: String = "") -> String { "GET \(path) HTTP/1.1\r\n\(fields)\(Self.host)" }

    // MARK: Resources

    @Test("each resource answers with its type, and the connection ends")
    func resources() throws {
        let scene = try StatusScene()
        for (path, type) in [
            ("/", "text/html; charset=utf-8"), ("/still", "text/html; charset=utf-8"), ("/status.json", "application/json"),
            ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
            ("/healthz", "text/plain; charset=utf-8"), ("/readyz", "text/plain; charset=utf-8"),
        ] {
            let answer = try scene.answer(to: get(path))
            #expect(answer.status == 200, "\(path)")
            #expect(answer["content-type"] == type)
            #expect(answer["connection"] == "close")
            #expect(answer["cache-control"] == "no-store")
            #expect(answer["x-content-type-options"] == "nosniff")
            #expect(answer["content-length"] == "\(answer.body.count)")
        }
        #expect(scene.listener.nextDeadline == nil)
        #expect(!scene.isReadable)
    }

    @Test("programs read the report, with the number of all sources")
    func report() throws {
        let scene = try StatusScene()
        scene.service.observation?.report.sources = [.init(address: "192.0.2.1")]
        scene.service.observation?.sourceCount = 4_000
        let answer = try scene.answer(to: get("/status.json"))
        let json = try JSONValue(parsing: answer.body)
        #expect(json["sources"]?.array?.count == 1)
        #expect(json["sources_total"]?.number == 4_000)
    }

    @Test("the report and the page that stays need the token, too", arguments: ["/status.json", "/still"])
    func gate(path: String) throws {
        let scene = try StatusScene(token: Self.token)
        #expect(try scene.status(of: get(path)) == 401)
        #expect(try scene.status(of: get(path, "Authorization: Bearer \(Self.token)\r\n")) == 200)
    }

    @Test("the page refreshes itself, also while there is none; the one that stays doesn't")
    func refreshing() throws {
        let scene = try StatusScene()
        #expect(try scene.answer(to: get("/"))["refresh"] == "30")
        #expect(try scene.answer(to: get("/still"))["refresh"] == nil)
        scene.service.isResponsive = false
        let answer = try scene.answer(to: get("/"))
        #expect((answer.status, answer["refresh"]) == (503, "30"))
        #expect(try scene.answer(to: get("/metrics"))["refresh"] == nil)
    }

    @Test("a query and an absolute target change nothing")
    func targets() throws {
        let scene = try StatusScene()
        for target in ["/metrics?format=text", "http://127.0.0.1/metrics", "http://127.0.0.1", "http://127.0.0.1?x"] {
            #expect(try scene.status(of: get(target)) == 200, "\(target)")
        }
    }

    @Test("what isn't there is 404, however near", arguments: ["/metrics/", "//", "/Metrics", "/%6detrics", "/healthz/x", "/favicon.ico"])
    func missing(path: String) throws {
        #expect(try StatusScene().status(of: get(path)) == 404)
    }

    @Test("HEAD has GET's fields and no body")
    func head() throws {
        let scene = try StatusScene()
        for path in ["/", "/metrics", "/healthz", "/nothing"] {
            let full = try scene.answer(to: get(path))
            let client = try scene.connect()
            _ = client.send(Array("HEAD \(path) HTTP/1.1\r\n\(Self.host)".utf8))
            let bytes = try scene.rest(on: client)
            #expect(String(decoding: bytes, as: UTF8.self) == full.head)
        }
    }

    @Test("another method is 405 and told which there are", arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PURGE"])
    func methods(method: String) throws {
        let answer = try StatusScene().answer(to: "\(method) /metrics HTTP/1.1\r\n\(Self.host)")
        #expect(answer.status == 405)
        #expect(answer["allow"] == "GET, HEAD")
    }

    @Test("a body that nobody reads doesn't cost its sender the answer")
    func body() throws {
        let scene = try StatusScene()
        let client = try scene.connect()
        let body = String(repeating: "b", count: 30_000)
        _ = client.send(Array("POST / HTTP/1.1\r\nContent-Length: 30000\r\n\(Self.host)\(body)".utf8))
        #expect(try scene.answer(on: client).status == 405)
        client.close()
        let isOver = eventually {
            scene.turn()
            return scene.listener.nextDeadline == nil
        }
        #expect(isOver)
    }

    // MARK: Health

    @Test("health follows the workers, and a drain doesn't look like a death")
    func health() throws {
        let scene = try StatusScene()
        #expect(try scene.answer(to: get("/healthz")).text == "ok\n")
        scene.service.isResponsive = false
        #expect(try scene.status(of: get("/healthz")) == 503)
        scene.service.isDraining = true
        #expect(try scene.status(of: get("/healthz")) == 200)
    }

    @Test("readiness says why not")
    func readiness() throws {
        let scene = try StatusScene()
        #expect(try scene.answer(to: get("/readyz")).text == "ready\n")
        scene.service.hasUpstream = false
        let down = try scene.answer(to: get("/readyz"))
        #expect((down.status, down.text) == (503, "no upstream is up\n"))
        scene.service.isDraining = true
        let draining = try scene.answer(to: get("/readyz"))
        #expect((draining.status, draining.text) == (503, "draining\n"))
    }

    @Test("while workers end or are stuck, no counts are told that would be too low")
    func noCounts() throws {
        let scene = try StatusScene()
        scene.service.observation = nil
        #expect(try scene.status(of: get("/metrics")) == 503)
        scene.service.isResponsive = false
        scene.pass(milliseconds: 1_000)
        #expect(try scene.status(of: get("/")) == 503)
        #expect(scene.service.observations == 1)
        scene.service.isDraining = true
        #expect(try scene.status(of: get("/metrics")) == 503)
        #expect(scene.service.observations == 1)
    }

    @Test("however often somebody asks, the workers are asked once a second")
    func frequency() throws {
        let scene = try StatusScene()
        for _ in 0..<20 { #expect(try scene.status(of: get("/metrics")) == 200) }
        #expect(try scene.status(of: get("/")) == 200)
        #expect(scene.service.observations == 1)
        scene.pass(milliseconds: 1_000)
        #expect(try scene.status(of: get("/")) == 200)
        #expect(scene.service.observations == 2)
    }

    // MARK: Who may read

    @Test(
        "without a token only an address or localhost is answered as Host",
        arguments: [
            ("127.0.0.1", 200), ("127.0.0.1:9180", 200), ("localhost", 200), ("LocalHost:9180", 200), ("[::1]:9180", 200),
            ("10.0.0.1", 200),
            ("evil.example", 421), ("evil.example:9180", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421),
            ("127.1", 421),
            ("2130706433", 421),
        ])
    func hosts(host: String, status: Int) throws {
        let scene = try StatusScene()
        for path in ["/", "/metrics", "/nothing"] {
            let expected = status == 200 && path == "/nothing" ? 404 : status
            #expect(try scene.status(of: "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n") == expected, "\(path)")
        }
        // Probes call us what they like, and learn one word.
        #expect(try scene.status(of: "GET /healthz HTTP/1.1\r\nHost: \(host)\r\n\r\n") == 200)
        #expect(try scene.status(of: "GET /readyz HTTP/1.1\r\nHost: \(host)\r\n\r\n") == 200)
    }

    @Test("an HTTP/1.0 client needn't say whom it asks")
    func oldClient() throws {
        #expect(try StatusScene().status(of: "GET /metrics HTTP/1.0\r\n\r\n") == 200)
    }

    @Test("with a token it must be shown, and any Host will do")
    func token() throws {
        let scene = try StatusScene(token: Self.token)
        let basic = Base64.encode(Array("anybody:\(Self.token)".utf8))
        let nameless = Base64.encode(Array(":\(Self.token)".utf8))
        for field in ["Bearer \(Self.token)", "bearer   \(Self.token)", "Basic \(basic)", "BASIC \(nameless)"] {
            let request = "GET /metrics HTTP/1.1\r\nHost: tickets.example\r\nAuthorization: \(field)\r\n\r\n"
            #expect(try scene.status(of: request) == 200, "\(field)")
        }
    }

    @Test("a token with a colon in it works both ways")
    func colons() throws {
        let token = "a:b:c:d:e:f:g:h:i"
        let scene = try StatusScene(token: token)
        let basic = Base64.encode(Array("name:\(token)".utf8))
        for field in ["Bearer \(token)", "Basic \(basic)"] {
            #expect(try scene.status(of: get("/", "Authorization: \(field)\r\n")) == 200)
        }
    }

    @Test("what isn't the token is 401 with both ways to show it, for a resource and for what isn't there")
    func wrongTokens() throws {
        let scene = try StatusScene(token: Self.token)
        let wrong = Base64.encode(Array("\(Self.token):wrong".utf8))
        let bare = Base64.encode(Array(Self.token.utf8))
        for field in [
            "", "Authorization: Bearer \(Self.token)x\r\n", "Authorization: Bearer \(Self.token.dropLast())\r\n",
            "Authorization: Bearer\r\n", "Authorization:\r\n", "Authorization: \(Self.token)\r\n", "Authorization: Basic \(wrong)\r\n",
            "Authorization: Basic \(bare)\r\n", "Authorization: Basic \(Self.token)\r\n", "Authorization: Digest \(Self.token)\r\n",
            "Authorization: Bearer \(Self.token) \(Self.token)\r\n", "Cookie: \(Self.token)\r\n",
        ] {
            for path in ["/", "/metrics", "/nothing", "/?token=\(Self.token)"] {
                let answer = try scene.answer(to: get(path, field))
                #expect(answer.status == 401, "\(path) \(field)")
                #expect(
                    answer.values("WWW-Authenticate") == [
                        "Basic realm=\"Gatekeeper\", charset=\"UTF-8\"", "Bearer realm=\"Gatekeeper\"",
                    ])
                #expect(!answer.text.contains(Self.token))
            }
        }
        #expect(scene.service.observations == 0)
        #expect(try scene.status(of: get("/healthz")) == 200)
        #expect(try scene.status(of: get("/readyz")) == 200)
    }

    @Test("wrong tokens are told of: the first at once, the others in a line a minute")
    func wrongTokensAreTold() throws {
        let scene = try StatusScene(token: Self.token)
        func show(_ token: String) throws { _ = try scene.status(of: get("/metrics", "Authorization: Bearer \(token)\r\n")) }
        try show(Self.token)
        #expect(try scene.status(of: get("/metrics")) == 401)
        #expect(scene.service.wrongTokens.isEmpty)
        let reader = try peer("127.0.0.1")
        try show("wrong")
        #expect(scene.service.wrongTokens == [.init(peer: reader, count: 1)])
        for _ in 1...3 { try show("wrong") }
        #expect(scene.service.wrongTokens.count == 1)
        #expect(scene.listener.nextDeadline == scene.now.advanced(byMilliseconds: WrongTokens.intervalMilliseconds))
        scene.pass(milliseconds: WrongTokens.intervalMilliseconds)
        scene.turn()
        #expect(scene.service.wrongTokens == [.init(peer: reader, count: 1), .init(peer: reader, count: 3)])
        #expect(scene.listener.nextDeadline == nil)
    }

    @Test("another gate holds from the next request on")
    func gate() throws {
        let scene = try StatusScene()
        let client = try scene.connect()
        scene.listener.admit(by: StatusGate(token: try StatusToken(Self.token)))
        _ = client.send(Array(get("/metrics").utf8))
        #expect(try scene.answer(on: client).status == 401)
    }

    // MARK: Moving

    @Test("a listener that comes in another's place finishes its answers, and judges nobody who came to the other")
    func takeReaders() throws {
        let scene = try StatusScene(token: Self.token)
        scene.service.observation?.report.sources = (0..<200).map {
            .init(address: "10.0.0.\($0)", label: String(repeating: "l", count: 60_000))
        }
        let request = get("/", "Authorization: Bearer \(Self.token)\r\n")
        let answered = try PlainSocket(
            to: try SocketName("127.0.0.1", port: scene.listener.address.port), timeoutSeconds: 5, receiveBufferBytes: 4096)
        _ = answered.send(Array(request.utf8))
        let asking = try scene.connect()
        _ = asking.send(Array("GET /metrics HTTP/1.1\r\n".utf8))
        scene.turn()
        scene.turn()
        let next = try StatusListener(
            on: try SocketAddress(parsing: "127.0.0.2:\(scene.listener.address.port)"), gate: StatusGate(token: nil), isShared: false)
        next.takeReaders(of: scene.listener)
        #expect(scene.listener.nextDeadline == nil)
        _ = asking.send(Array(Self.host.utf8))
        let refusal = asking.receive()
        guard case .bytes(let bytes) = refusal else { throw Failure("\(refusal)") }
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
        answered.setTimeout(milliseconds: 20)
        var rest: [UInt8] = []
        for _ in 0..<20_000 {
            next.turn(scene.service, by: scene.clock)
            switch answered.receive() {
            case .bytes(let more): rest += more
            case .ended(.timedOut): continue
            case .ended(let ending):
                #expect(ending == .fin)
                #expect(String(decoding: rest.suffix(8), as: UTF8.self) == "</html>\n")
                return
            }
        }
        Issue.record("no end")
    }

    @Test("one that was stopped accepts nobody and finishes with those it has")
    func stop() throws {
        let scene = try StatusScene()
        let client = try scene.connect()
        scene.listener.stop()
        #expect(throws: Failure.self) { try scene.connect() }
        _ = client.send(Array(get("/healthz").utf8))
        #expect(try scene.answer(on: client).status == 200)
        #expect(!scene.isReadable)
        #expect(scene.listener.nextDeadline == nil)
    }

    @Test("a port on which somebody else listens is refused, unless he is to be replaced")
    func taken() throws {
        let scene = try StatusScene()
        #expect(throws: ServerError.self) {
            try StatusListener(on: scene.listener.address, gate: StatusGate(token: nil), isShared: false)
        }
        #expect(throws: Never.self) { try StatusListener(on: scene.listener.address, gate: StatusGate(token: nil), isShared: true) }
        #expect(try scene.status(of: get("/healthz")) == 200)
    }
}
