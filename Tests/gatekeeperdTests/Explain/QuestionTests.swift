import Testing

@testable import gatekeeperd

@Suite("What explain is asked")
struct QuestionTests {
    private func request(_ url: String) throws -> Question.Request {
        try #require(Question(address: "127.0.0.2", method: "GET", url: url).request)
    }

    @Test("a URL becomes the target and the host that a client makes of it, and nothing is put right")
    func urls() throws {
        for (url, target, host, name) in [
            ("/a?b", "/a?b", "usual", "usual"), ("*", "*", "usual", "usual"), ("https://a.example", "/", "a.example", "a.example"),
            ("HTTPS://a.example:8443/x/../y?z", "/x/../y?z", "a.example:8443", "a.example"),
            ("https://a.example?q", "/?q", "a.example", "a.example"), ("https://a.example/#f", "/#f", "a.example", "a.example"),
            ("https://127.0.0.1/", "/", "127.0.0.1", nil), ("https://[::1]:443/", "/", "[::1]:443", nil),
            ("ftp://a.example/", "ftp://a.example/", "usual", "usual"), ("https://u@a.example/", "/", "u@a.example", "u@a.example"),
        ] as [(String, String, String, String?)] {
            let request = try request(url)
            #expect(request.target == target && request.serverName(defaultHost: "usual") == name, "\(url)")
            let head = String(decoding: request.head(defaultHost: "usual"), as: UTF8.self)
            #expect(head == "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n", "\(url)")
        }
        #expect(try request("wss://a.example/x").asksForWebSocket)
    }

    @Test("what no client could send isn't asked", arguments: ["", "/a b", "/a\r\nX: y", "/\u{0}", "/a\u{7f}"])
    func impossible(text: String) {
        #expect(throws: ValueMistake.self) { try Question(address: "127.0.0.2", method: "GET", url: text) }
        #expect(throws: ValueMistake.self) { try Question(address: "127.0.0.2", method: text, url: "/") }
    }

    @Test("an address is one address", arguments: ["", "a.example", "10.0.0.0/8", "127.0.0.2:80", "010.0.0.1"])
    func addresses(text: String) {
        #expect(throws: ValueMistake.self) { try Question(address: text) }
    }
}
