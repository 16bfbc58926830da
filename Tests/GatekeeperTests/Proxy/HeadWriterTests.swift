import Testing

@testable import Gatekeeper

@Suite struct HeadWriterTests {
    private func request(
        _ text: String, collected: Int? = nil, upgrade: Bool = false, announcesClose: Bool = false, passesUnderscores: Bool = false,
        fixedHost: String = "",
        capacity: Int = 4096
    ) -> (text: String, overflowed: Bool) {
        let bytes = Array(text.utf8)
        var fields = FieldTable()
        guard case .parsed(let head) = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else {
            Issue.record("\(text)")
            return ("", false)
        }
        let buffer = Buffer(capacity: capacity)
        let (peer, identifier) = (Array("2001:db8::7".utf8), Array("id".utf8))
        let (host, fixed) = (Array("internal".utf8), Array(fixedHost.utf8))
        let context = ForwardedContext(
            peer: peer.span, requestID: identifier.span, defaultHost: host.span, fixedHost: fixed.span)
        HeadWriter.writeRequest(
            head, fields, source: bytes.span, context: context, upgrade: upgrade, announcesClose: announcesClose,
            lengthFollows: collected != nil, passesUnderscores: passesUnderscores, into: buffer)
        if let collected { HeadWriter.endRequest(.length(UInt64(collected)), into: buffer) }
        return (String(decoding: FixtureReader.array(buffer.readable), as: UTF8.self), buffer.overflowed)
    }

    private func response(
        _ text: String, version: HTTPVersion = .http11, framing: BodyFraming? = nil, keepAlive: Bool, date: Bool = false
    ) -> String {
        let bytes = Array(text.utf8)
        var fields = FieldTable()
        let result = ResponseHeadParser.parse(bytes.span, forRequest: .get, limits: .init(), into: &fields)
        guard case .parsed(let head) = result else {
            Issue.record("\(text): \(result)")
            return ""
        }
        let buffer = Buffer(capacity: 4096)
        let dateText = date ? HTTPDate().text(atUnixSeconds: 784_111_777) : Buffer(capacity: 0)
        HeadWriter.writeResponse(
            head, fields, source: bytes.span, requestVersion: version, framing: framing ?? head.framing, keepAlive: keepAlive,
            date: dateText.readable, into: buffer)
        return String(decoding: FixtureReader.array(buffer.readable), as: UTF8.self)
    }

    @Test("a fixed Host replaces the client's, and X-Forwarded-Host still tells it")
    func fixedHost() {
        let text = request("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", fixedHost: "tickets.internal").text
        #expect(text.hasPrefix("GET / HTTP/1.1\r\nHost: tickets.internal\r\nX-Forwarded-For: 2001:db8::7\r\n"))
        #expect(text.components(by: "\r\n").contains("X-Forwarded-Host: a.example"))
        #expect(text.components(by: "\r\n").contains("X-Forwarded-Port: 443"))
    }

    @Test("an upgrade goes on only when it is asked for")
    func upgrade() {
        let head = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n"
        #expect(!request(head).text.contains("pgrade") && !request(head).text.contains("WebSocket"))
        let lines = request(head, upgrade: true).text.components(by: "\r\n")
        #expect(lines.contains("Connection: Upgrade"))
        #expect(lines.contains("Upgrade: websocket"))
        #expect(lines.contains("Sec-WebSocket-Key: k"))
    }

    @Test("that nothing follows is said once, in our words and not in the client's", arguments: [nil, 4])
    func close(collected: Int?) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Own\r\nX-Own: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        let lines = request(head, collected: collected, announcesClose: true).text.components(by: "\r\n")
        #expect(lines.filter { $0.hasPrefix("Connection") } == ["Connection: close"])
        #expect(!request(head, collected: collected).text.contains("Connection"))
    }

    @Test("names with an underscore pass where they are let, but for those that read as ours or as another method")
    func underscores() {
        let head =
            "GET / HTTP/1.1\r\nHost: a\r\napi_key: 1\r\nX_Forwarded_For: 2\r\nx-http_method-override: 3\r\nA.B: 4\r\nX_Request_Id: 5\r\n\r\n"
        #expect(!request(head).text.contains("_"))
        let text = request(head, passesUnderscores: true).text
        #expect(text.hasPrefix("GET / HTTP/1.1\r\nHost: a\r\napi_key: 1\r\nX-Forwarded-For: "))
    }

    @Test("an answer without Date gets one, one that has it keeps it, an interim one needs none")
    func date() {
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        #expect(response("HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", keepAlive: true, date: true) == "HTTP/1.1 200 OK\r\nA: 1\r\n\(date)\r\n")
        let own = "HTTP/1.1 404 \r\nDate: yesterday\r\n\r\n"
        #expect(response(own, keepAlive: true, date: true) == own)
        #expect(response("HTTP/1.1 103 \r\n\r\n", keepAlive: true, date: true) == "HTTP/1.1 103 \r\n\r\n")
    }

    @Test("a collected chunked body goes on with its length, without its Trailer and without an expectation")
    func collected() {
        let head = "PUT / HTTP/1.1\r\nHost: a\r\nTrailer: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
        let lines = request(head, collected: 12).text.components(by: "\r\n")
        #expect(lines.suffix(3).elementsEqual(["Content-Length: 12", "", ""]))
        #expect(!lines.contains("Expect: 100-continue"))
        #expect(!lines.contains("Transfer-Encoding: chunked") && !lines.contains("Trailer: x"))
    }

    @Test("a head that doesn't fit says so")
    func overflow() {
        #expect(request("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", capacity: 64).overflowed)
        #expect(!request("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").overflowed)
    }

    @Test("runs of canonical fields and single ones come out in their order")
    func runs() {
        let head = "GET / HTTP/1.1\r\nA: 1\r\nHost: a\r\nB: 2\r\nC: 3\r\nD:4\r\nE: 5\r\nTE: x\r\nF:  6\r\nG: 7\r\n\r\n"
        let lines = request(head).text.components(by: "\r\n")
        #expect(lines[2..<9].elementsEqual(["A: 1", "B: 2", "C: 3", "D: 4", "E: 5", "F: 6", "G: 7"]))
    }

    @Test("HTTP/1.0 learns that its connection is kept, HTTP/1.1 only that it isn't")
    func connection() {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        #expect(response(head, version: .http10, keepAlive: true).contains("\r\nConnection: keep-alive\r\n"))
        #expect(response(head, version: .http10, keepAlive: false).contains("\r\nConnection: close\r\n"))
        #expect(!response(head, keepAlive: true).contains("Connection"))
        #expect(response(head, keepAlive: false).contains("\r\nConnection: close\r\n"))
    }

    @Test("a body that ends with the upstream's connection can be sent in chunks")
    func reframed() {
        let text = response("HTTP/1.0 200 OK\r\nA: 1\r\n\r\n", framing: .chunked, keepAlive: true)
        #expect(text == "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
    }

    @Test("chunks are never announced to HTTP/1.0")
    func noChunksForHTTP10() {
        let text = response(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", version: .http10, framing: .chunked, keepAlive: false)
        #expect(text == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    }

    @Test("a length never stands beside another framing")
    func noSecondFraming() {
        let text = response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", framing: .chunked, keepAlive: true)
        #expect(text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    }
}
