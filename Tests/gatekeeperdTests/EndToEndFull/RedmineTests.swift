import Foundation
import Testing

/// One system at a time: each is a process of 200 MB, and seconds of work to start.
@Suite("Redmine behind the door", .serialized)
struct RedmineTests {
    private static let json = ["-H", "Content-Type: application/json"]
    private static let issue = #"{"issue": {"project_id": "demo", "subject": "printer on fire"}}"#

    @Test("an issue is created, commented on, found, changed and deleted, and ten requests share one connection")
    func lifeOfAnIssue() throws {
        let redmine = try Redmine()
        let created = try redmine.curl("issues.json", Self.json + ["-i", "-d", Self.issue])
        #expect(created.status == 201, "\(created.text) \(created.errors)")
        #expect(created.text.contains("\r\nLocation: \(redmine.url)/issues/1\r\n"), "\(created.text)")

        for change in [#""notes": "who has the extinguisher?""#, #""subject": "printer was on fire""#] {
            let edit = try redmine.curl("issues/1.json", Self.json + ["-i", "-X", "PUT", "-d", #"{"issue": {\#(change)}}"#])
            #expect(edit.status == 204 && edit.exitCode == 0, "\(edit.text) \(edit.errors)")
            #expect(edit.text.hasSuffix("\r\n\r\n"))
        }
        let read = try redmine.curl("issues/1.json?include=journals").json["issue"]
        #expect(read?["subject"]?.string == "printer was on fire")
        #expect(read?["journals"]?.array?.first?["notes"]?.string == "who has the extinguisher?")
        let found = try redmine.curl("search.json?q=printer").json
        #expect(found["total_count"]?.number == 1)
        #expect(found["results"]?.array?.first?["url"]?.string == "\(redmine.url)/issues/1")

        let pages = try redmine.curl("issues.json?offset=[0-9]")
        #expect(pages.transfers.compactMap { $0["response_code"]?.number } == Array(repeating: 200, count: 10))
        #expect(pages.transfers.compactMap { $0["num_connects"]?.number }.reduce(0, +) == 1)

        #expect(try redmine.curl("issues/1.json", ["-X", "DELETE"]).status == 204)
        #expect(try redmine.daemon.terminate() == .exited(0))
        let lines = redmine.daemon.lines("request")
        #expect(lines.compactMap { $0.number("status") } == [201, 204, 204, 200, 200] + Array(repeating: 200, count: 10) + [204])
        #expect(lines.allSatisfy { $0["outcome"] == "completed" && $0.peer == "127.0.0.2" })
    }

    @Test("answers without a body, and to a tag that is current, stay what they are")
    func emptyAnswers() throws {
        let redmine = try Redmine()
        #expect(try redmine.curl("issues.json", Self.json + ["-d", Self.issue]).status == 201)
        let missing = try redmine.curl("issues/99.json", ["-i"])
        #expect(missing.status == 404)
        #expect(missing.text.contains(/(?i)\r\ncontent-length: 0\r\n/) && missing.text.hasSuffix("\r\n\r\n"), "\(missing.text)")
        let unknown = try Curl(["-i", "\(redmine.url)/my/account.json"])
        #expect(unknown.status == 401)
        #expect(unknown.text.contains(/(?i)\r\nwww-authenticate: Basic realm="Redmine API"\r\n/), "\(unknown.text)")
        let head = try redmine.curl("issues/1.json", ["-I"])
        #expect(head.status == 200 && head.exitCode == 0, "\(head.errors)")
        let etag = try #require(head.text.firstMatch(of: /(?i)\r\netag: (W\/.+)\r\n/)?.1)
        let current = try redmine.curl("issues/1.json", ["-i", "-H", "If-None-Match: \(etag)"])
        #expect(current.status == 304 && current.text.hasSuffix("\r\n\r\n"), "\(current.text)")
    }

    @Test(
        "a file of 2 MB goes in raw and comes back byte for byte, its encoded name unchanged",
        arguments: ["Expect: 100-continue", "Expect:", "Transfer-Encoding: chunked"])
    func attachment(field: String) throws {
        let redmine = try Redmine()
        let folder = try TemporaryFolder()
        let (sent, received) = (try folder.writeRandom(2_000_000, to: "sent.bin"), folder.file("received.bin"))
        let name = "gr%C3%BC%C3%9Fe%20vom%20Drucker.bin"

        let raw = ["-H", "Content-Type: application/octet-stream", "-H", field, "--data-binary", "@\(sent)"]
        let uploaded = try redmine.curl("uploads.json?filename=\(name)", raw)
        #expect(uploaded.status == 201, "\(uploaded.text) \(uploaded.errors)")
        let token = try #require(try uploaded.json["upload"]?["token"]?.string)
        #expect(redmine.log.contains(#"Started POST "/uploads.json?filename=\#(name)" for 127.0.0.2 "#), "\(redmine.log)")

        let upload = #"{"token": "\#(token)", "content_type": "application/octet-stream"}"#
        let issue = #"{"issue": {"project_id": "demo", "subject": "from the printer", "uploads": [\#(upload)]}}"#
        #expect(try redmine.curl("issues.json", Self.json + ["-d", issue]).status == 201)
        let attachment = try redmine.curl("issues/1.json?include=attachments").json["issue"]?["attachments"]?.array?.first
        #expect(attachment?["filename"]?.string == "grüße vom Drucker.bin")
        let place = try #require(attachment?["content_url"]?.string)
        #expect(place == "\(redmine.url)/attachments/download/1/\(name)")

        let download = try Curl(["-H", Redmine.credentials, "-D", folder.file("head"), "-o", received, place])
        #expect(download.status == 200 && download.exitCode == 0, "\(download.errors)")
        #expect(FileManager.default.contentsEqual(atPath: sent, andPath: received))
        let head = try String(contentsOfFile: folder.file("head"), encoding: .utf8)
        #expect(head.contains("filename*=UTF-8''\(name)\r\n"), "\(head)")
    }

    @Test("an early 401 reaches a client that still uploads", arguments: [["-H", "Expect:"], ["-H", "Expect: 100-continue"]])
    func earlyAnswer(expect: [String]) throws {
        let redmine = try Redmine()
        let folder = try TemporaryFolder()
        let file = try folder.writeRandom(2_000_000, to: "large")
        let raw = ["-H", "Content-Type: application/octet-stream", "--data-binary", "@\(file)"]
        let run = try Curl(expect + raw + ["\(redmine.url)/uploads.json?filename=large"])
        #expect(run.status == 401, "\(run.text) \(run.errors)")
        #expect(run.exitCode == 0, "\(run.errors)")
    }

    @Test("every address that it gives leads back here by https, whatever a client says about where it comes from")
    func forwardedFields() throws {
        let redmine = try Redmine()
        let claims = [
            "X-Forwarded-For: 10.6.6.6", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "X-Forwarded-Port: 80",
            "X-Forwarded-Ssl: off", "X-Real-IP: 10.6.6.6", "Client-IP: 10.6.6.6", "Forwarded: for=10.6.6.6;host=evil.example;proto=http",
        ].flatMap { ["-H", $0] }
        let created = try redmine.curl("issues.json", claims + Self.json + ["-i", "-d", Self.issue])
        #expect(created.status == 201, "\(created.text)")
        #expect(created.text.contains("\r\nLocation: \(redmine.url)/issues/1\r\n"), "\(created.text)")
        let redirect = try Curl(claims + ["-i", "\(redmine.url)/my/page"])
        #expect(redirect.status == 302)
        #expect(redirect.text.contains("\r\nLocation: \(redmine.url)/login?back_url=https%3A%2F%2F127.0.0.1%3A\(redmine.daemon.port)%2Fmy"))
        #expect(!redirect.text.contains("evil.example") && !redirect.text.contains("http://"), "\(redirect.text)")
        let feed = try redmine.curl("issues.atom", claims)
        #expect(feed.text.contains(#"href="\#(redmine.url)/issues/1""#), "\(feed.text)")
        #expect(!feed.text.contains("evil.example"), "\(feed.text)")
        #expect(redmine.log.contains(#"Started POST "/issues.json" for 127.0.0.2 "#), "\(redmine.log)")
        #expect(!redmine.log.contains("10.6.6.6"))
    }

    // MARK: Action Cable

    /// Key and answer of RFC 6455 §1.3.
    private static func handshake(_ redmine: Redmine, origin: String) -> String {
        "GET /cable HTTP/1.1\r\nHost: 127.0.0.1:\(redmine.daemon.port)\r\nOrigin: \(origin)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Protocol: actioncable-v1-json\r\n\r\n"
    }

    /// Reads until `isEnough`, and fails if the stream ends before.
    private func receive(_ client: RawClient, until isEnough: ([UInt8]) -> Bool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while !isEnough(bytes) {
            switch client.receive() {
            case .bytes(let more): bytes += more
            case .ended(let ending): throw Failure("\(ending) after “\(String(decoding: bytes, as: UTF8.self))”")
            }
        }
        return bytes
    }

    @Test("a WebSocket opens, brings a welcome and pings, answers ours, and closes in order")
    func webSocket() throws {
        let redmine = try Redmine(settings: "websocket: true")
        let client = try RawClient(to: redmine.daemon)
        let answer = try client.exchange(Self.handshake(redmine, origin: redmine.url))
        #expect(answer.status == 101)
        #expect(answer["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(answer["sec-websocket-protocol"] == "actioncable-v1-json")
        // The second ping comes three seconds after the first: idle for a while isn't idle for good.
        let told = try receive(client) { String(decoding: $0, as: UTF8.self).matches(of: /"type":"ping"/).count == 2 }
        let welcome = #"{"type":"welcome"}"#
        #expect(told.starts(with: [0x81, UInt8(welcome.utf8.count)] + Array(welcome.utf8)))

        // RFC 6455 §5.5: a ping and a close of ours, masked with zeros; each is answered in kind.
        try client.send([0x89, 0x85, 0, 0, 0, 0] + Array("hello".utf8))
        let pong = [0x8A, 5] + Array("hello".utf8)
        _ = try receive(client) { $0.count >= pong.count && $0.suffix(pong.count) == pong[...] }
        try client.send([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8])
        let (rest, _) = client.receiveToEnd()
        #expect(rest.starts(with: [0x88]), "\(rest)")
        client.finishSending()
        let line = try redmine.daemon.waitForLine { $0["path"] == "/cable" }
        #expect(line.number("status") == 101)
        #expect(line["outcome"] == "completed", "\(line)")
        #expect(redmine.log.contains(#"Started GET "/cable/" [WebSocket] for 127.0.0.2 "#), "\(redmine.log)")
    }

    @Test("the Origin of a handshake is Redmine's to judge, and its 404 an answer like others")
    func foreignOrigin() throws {
        let redmine = try Redmine(settings: "websocket: true")
        let client = try RawClient(to: redmine.daemon)
        #expect(try client.exchange(Self.handshake(redmine, origin: "https://evil.example")).status == 404)
        #expect(redmine.log.contains("Request origin not allowed: https://evil.example"), "\(redmine.log)")
    }

    @Test("without websocket: true a handshake is an offer that Redmine never hears of, and the request is answered like any other")
    func webSocketOff() throws {
        let redmine = try Redmine()
        let client = try RawClient(to: redmine.daemon)
        // Redmine has nothing there for who doesn't upgrade.
        #expect(try client.exchange(Self.handshake(redmine, origin: redmine.url)).status == 404)
        #expect(try redmine.daemon.waitForLine(event: "request").number("status") == 404)
        #expect(!redmine.log.contains("Successfully upgraded to WebSocket"), "\(redmine.log)")
        #expect(try redmine.curl("issues.json").status == 200)
    }
}
