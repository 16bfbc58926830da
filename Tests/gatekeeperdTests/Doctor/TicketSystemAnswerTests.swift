import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("What a ticket system says when it is asked")
struct TicketSystemAnswerTests {
    private func settings(_ url: String, proxyProtocol: Settings.Upstream.ProxyProtocol = .off) throws -> Settings {
        let parsed = try UpstreamURL(url, directory: "")
        var server = Settings.Upstream.Server(endpoint: parsed.endpoint, name: url)
        if let peer = parsed.tlsPeer {
            server.tls = Settings.Upstream.TLS(peer: peer)
            server.tls?.authorityPath = try Certificates.shared().authority
        }
        var upstream = Settings.Upstream([server])
        upstream.clientAddress.proxyProtocol = proxyProtocol
        return Settings(listeners: [], tls: Settings.TLS(certificatePath: "", keyPath: ""), allow: [], upstream: upstream)
    }

    private func ask(_ url: String, paths: [String] = [], host: String? = nil, publicHost: String? = "t.example") throws -> TicketSystem {
        let settings = try settings(url)
        return TicketSystem.ask(settings.upstream.servers[0], paths: paths, host: host, publicHost: publicHost, by: settings)
    }

    /// With little patience.
    private func hearing(_ script: UpstreamScript, bodyBytesMax: Int = 100, milliseconds: Int = 20_000) throws -> UpstreamHearing {
        let upstream = try ScriptedUpstream(script)
        let question = try #require(UpstreamQuestion(path: "/", host: "t", bodyBytesMax: bodyBytesMax))
        let settings = try settings(upstream.url)
        return try DryRun(settings).ask(settings.upstream.servers[0], [question], milliseconds: milliseconds)
    }

    private func body(_ hearing: UpstreamHearing) throws -> String {
        #expect(hearing.failure == nil)
        return String(decoding: try #require(hearing.answers.first).body, as: UTF8.self)
    }

    @Test("it is asked for / and each path, by the public name, with the fields that a client's request would come with")
    func questions() throws {
        let upstream = try ScriptedUpstream(.echo)
        let system = try ask(upstream.url, paths: ["/api/tickets.json"])
        #expect(system.answers.map(\.path) == ["/", "/api/tickets.json"] && system.obstacle == nil)
        #expect(system.answers[0].answer.status == 200 && system.answers[0].answer["content-type"] == "application/json")
        #expect(system.addresses.map { "http://\($0)" } == [upstream.url])
        #expect(system.ownAddress?.description == "127.0.0.1")
        #expect(abs(system.answers[0].answer.arrivedAtUnixMilliseconds - WallTime.now().milliseconds) < 60_000)
        let requests = try upstream.waitForRequests(2)
        #expect(requests.map(\.target) == ["/", "/api/tickets.json"] && requests.allSatisfy { $0.method == "GET" })
        #expect(requests[0]["host"] == "t.example" && requests[0]["x-forwarded-host"] == "t.example")
        #expect(requests[0]["x-forwarded-proto"] == "https" && requests[0]["connection"] == "close")
    }

    @Test("a Host that the configuration sets is sent, and without a public name the ticket system's own address")
    func hosts() throws {
        let upstream = try ScriptedUpstream(.echo)
        _ = try ask(upstream.url, host: "fixed.example")
        _ = try ask(upstream.url, publicHost: nil)
        let requests = try upstream.waitForRequests(2)
        #expect(requests[0]["host"] == "fixed.example")
        #expect("http://\(requests[1]["host"] ?? "")" == upstream.url && requests[1]["x-forwarded-proto"] == nil)
    }

    @Test("over TLS it is asked after it was verified, and a UNIX socket has no address")
    func ways() throws {
        let secure = try ScriptedUpstream(tls: TLSServer(Certificates.shared().leaf(.ecdsa)), .echo)
        #expect(try ask(secure.url).answers.first?.answer.status == 200)
        let folder = try TemporaryFolder()
        let socket = try ScriptedUpstream(path: folder.file("t.sock"), .echo)
        let system = try ask(socket.url)
        #expect(system.answers.count == 1 && system.addresses.isEmpty && system.ownAddress == nil)
        let wrong = try ScriptedUpstream(tls: TLSServer(Certificates.shared().misfit(.wrongName)), .echo)
        #expect(try ask(wrong.url).obstacle == "upstream_certificate_name")
    }

    @Test("who doesn't answer has the log's word for it, and is asked nothing else")
    func silence() throws {
        #expect(try ask("http://127.0.0.1:1", paths: ["/x"]).obstacle == "connect_refused")
        #expect(try hearing(.neverAnswers, milliseconds: 2_000).failure == "response_timeout")
        #expect(try hearing(.neverReads, milliseconds: 2_000).failure == "response_timeout")
        #expect(try hearing(.garbage).failure == "status_line")
        #expect(try hearing(.twoLengths).failure == "content_length_repeated")
        let interim = UpstreamScript.answers(String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 20))
        #expect(try hearing(interim).failure == "interim_responses")
        let closing = UpstreamScript { _ = try $0.request() }
        #expect(try hearing(closing).failure == "closed_before_response")
    }

    @Test("one that expects a PROXY header and gets none is known by trying, as is one that gets one and doesn't read it")
    func introductions() throws {
        typealias Mistake = TicketSystem.IntroductionMistake
        func mistake(_ script: UpstreamScript, _ proxyProtocol: Settings.Upstream.ProxyProtocol) throws -> Mistake? {
            let upstream = try ScriptedUpstream(script)
            let settings = try settings(upstream.url, proxyProtocol: proxyProtocol)
            let system = TicketSystem.ask(settings.upstream.servers[0], paths: [], host: nil, publicHost: nil, by: settings)
            return system.introduction
        }
        #expect(try mistake(.osTicket(.told), .off) == .missing && mistake(.osTicket(.told), .v2) == nil)
        #expect(try mistake(.osTicket(.well(trusting: true)), .v2) == .unread && mistake(.osTicket(.well(trusting: true)), .off) == nil)
        // One that says nothing to what it doesn't understand.
        let closing = UpstreamScript { connection in
            if try connection.request()?.method == "GET" { try connection.respond() }
        }
        #expect(try mistake(closing, .v2) == .unread && mistake(closing, .off) == nil)
        for way in [Settings.Upstream.ProxyProtocol.v2, .off] {
            #expect(try mistake(.answers("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), way) == nil, "it says so either way")
        }
    }

    @Test("the beginning of a body is taken out of its framing, however it comes")
    func bodies() throws {
        #expect(try body(hearing(.oneBytePerWrite)) == "hello")
        #expect(try body(hearing(.closeDelimited)).hasPrefix("line 1\nline 2\n"))
        #expect(try body(hearing(.closeDelimited)).utf8.count == 100)
        #expect(try body(hearing(.earlyHints)) == "hello")
        #expect(try body(hearing(.http10)) == "GET with 0 bytes")
        #expect(try body(hearing(.answers("HTTP/1.1 204 No Content\r\n\r\n"))).isEmpty)
        #expect(try body(hearing(.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore"))).isEmpty)
        #expect(try body(hearing(.answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more"))) == "hello")
    }

    @Test("a body that is cut short, or that never ends, is a beginning as well")
    func cutBodies() throws {
        #expect(try body(hearing(.dropsMidBody)) == "hellopart")
        #expect(try body(hearing(.closesAfterHead)).isEmpty)
        let stalling = UpstreamScript.answers("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstalls")
        #expect(try body(hearing(stalling, milliseconds: 3_000)) == "stalls")
        let endless = UpstreamScript { connection in
            _ = try connection.request()
            try connection.send("HTTP/1.1 200 OK\r\n\r\n")
            while true { try connection.send([UInt8](repeating: UInt8(ascii: "x"), count: 64 << 10)) }
        }
        #expect(try body(hearing(endless, bodyBytesMax: 300_000)).utf8.count == 300_000)
        #expect(try body(hearing(endless, bodyBytesMax: 0)).isEmpty)
        let bad = UpstreamScript.answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n")
        #expect(try body(hearing(bad)) == "hello")
    }

    @Test("a question that would be two is none", arguments: ["", "/ x", "/\r\nX: y", "/\u{7f}", "/\t"])
    func questionsInForm(text: String) {
        #expect(UpstreamQuestion(path: text, host: "t") == nil)
        #expect(UpstreamQuestion(path: "/", host: text) == nil)
        #expect(UpstreamQuestion(path: "/", host: "t", publicHost: text) == nil)
    }
}
