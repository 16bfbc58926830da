import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

struct StatusQuestionTests {
    private func judge(_ hearing: UpstreamHearing, token: String? = nil) throws -> NagiosReport {
        StatusQuestion(url: try StatusURL("http://192.0.2.1:9180"), token: token).judge(hearing, at: GrantScene.start)
    }

    private func judge(_ status: UInt16, _ body: String = "", token: String? = nil) throws -> NagiosReport {
        try judge(UpstreamHearing(answers: [UpstreamAnswer(status: status, body: Array(body.utf8))]), token: token)
    }

    // MARK: Where it is

    @Test("a URL is scheme and address, and what is in front of the service may have put it under a path")
    func urls() throws {
        let plain = try StatusURL("http://127.0.0.1:9180")
        #expect((plain.authority, plain.path, plain.server.tls) == ("127.0.0.1:9180", "/status.json", nil))
        #expect(try StatusURL("http://127.0.0.1:9180/").path == "/status.json")
        let behind = try StatusURL("https://watch.example/gatekeeper/")
        #expect((behind.authority, behind.path) == ("watch.example", "/gatekeeper/status.json"))
        #expect(behind.server.tls?.peer == .name("watch.example") && behind.server.endpoint == .host("watch.example", port: 443))
        #expect(try StatusURL("http://[::1]:9180").authority == "[::1]:9180")
    }

    @Test(
        "what isn't one says how it is written",
        arguments: [
            "", "127.0.0.1:9180", "unix:/run/x", "ftp://x", "http://", "http://u:p@x", "http://x?token=1", "http://x:0", "http://x/?a",
        ])
    func wrongURLs(text: String) {
        #expect { try StatusURL(text) } throws: {
            ($0 as? ValueMistake)?.message.contains("http://HOST:PORT") == true || text == "http://x:0"
        }
    }

    @Test("the address of a configuration is asked from its own machine")
    func configured() throws {
        #expect(try StatusURL(configured: "127.0.0.1:9180").text == "http://127.0.0.1:9180")
        #expect(try StatusURL(configured: "0.0.0.0:9181").text == "http://127.0.0.1:9181")
        #expect(try StatusURL(configured: "10.0.0.7:9180").text == "http://10.0.0.7:9180")
        #expect(try StatusURL(configured: "[::]:9180").text == "http://[::1]:9180")
        #expect(throws: ValueMistake.self) { try StatusURL(configured: "127.0.0.1:0") }
        #expect(throws: ValueMistake.self) { try StatusURL(configured: "localhost") }
    }

    // MARK: What it means

    @Test("each answer is judged, and says what to do")
    func answers() throws {
        let status = StatusReport(processIdentifier: 1).json.text
        let cases: [(UInt16, String, NagiosReport.State, String)] = [
            (200, status, .ok, "serving"), (200, "<html>", .unknown, "--url"), (200, String(status.dropLast()), .unknown, "cut"),
            (200, "{}", .unknown, "no Gatekeeper"), (401, "", .unknown, "--token-file"), (404, "", .unknown, "--url"),
            (421, "", .unknown, "--url"), (503, "draining\n", .warning, "stop"), (503, "leaving\n", .warning, "stop"),
            (503, "a worker does not answer\n", .critical, "restart"), (503, "Too many readers are connected.\n", .unknown, "503"),
            (302, "a|b", .unknown, "302"),
        ]
        for (code, body, state, word) in cases {
            let report = try judge(code, body)
            #expect(report.state == state && report.text.contains(word), "\(code) \(body): \(report.text)")
        }
        #expect(try judge(401, token: "secret-secret-secret").text.contains("isn't the service's"))
    }

    @Test(
        "silence is critical; a name without an address, TLS that fails and another protocol are not",
        arguments: [
            ("connect_refused", NagiosReport.State.critical), ("connect_timeout", .critical), ("response_timeout", .critical),
            ("connect_unreachable", .critical), ("closed_before_response", .critical), ("name_not_resolved", .unknown),
            ("upstream_certificate_untrusted", .unknown), ("status_line", .unknown),
        ])
    func silence(failure: String, state: NagiosReport.State) throws {
        let report = try judge(UpstreamHearing(failure: failure))
        #expect(report.state == state && report.text.contains("http://192.0.2.1:9180"), "\(report.text)")
    }

    // MARK: Asking

    @Test("the token is shown as Bearer, in one request with a plain Host")
    func request() throws {
        let upstream = try ScriptedUpstream(.answers("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"))
        let report = StatusQuestion(url: try StatusURL(upstream.url), token: "correct-horse-battery").report()
        #expect(report.state == .unknown)
        let request = try #require(try upstream.waitForRequests(1).first)
        #expect(request.head.hasPrefix("GET /status.json HTTP/1.1\r\n"))
        #expect(request["authorization"] == "Bearer correct-horse-battery")
        #expect(request["host"] == upstream.url.replacing("http://", with: ""))
    }

    @Test("a token that would end its line isn't sent", arguments: ["a b", "a\r\nX: y", "", "a\u{7f}"])
    func wrongToken(text: String) {
        #expect(UpstreamQuestion(path: "/", host: "t", bearer: text) == nil)
    }

    @Test("over https the certificate is verified")
    func https() throws {
        let server = try TLSServer(Certificates.shared().leaf(.ecdsa))
        let upstream = try ScriptedUpstream(tls: server, .answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
        let port = try #require(upstream.url.split(separator: ":").last)
        let report = StatusQuestion(url: try StatusURL("https://127.0.0.1:\(port)"), token: nil).report()
        #expect(report.state == .unknown && report.text.contains("upstream_certificate_"), "\(report.text)")
    }
}
