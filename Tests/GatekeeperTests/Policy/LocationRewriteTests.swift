import Testing

@testable import Gatekeeper

@Suite("Links of answers to ourselves")
struct LocationRewriteTests {
    /// The value as it comes out; nil where it stays.
    private func rewritten(
        _ lines: [String], _ kind: KnownField = .location, own: String, told: String = "", port: UInt16 = 0
    ) -> String? {
        let bytes = Array(("HTTP/1.1 302 Found\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
        let (ownBytes, toldBytes) = (Array(own.utf8), Array(told.utf8))
        var fields = FieldTable()
        guard case .parsed = ResponseHeadParser.parse(bytes.span, forRequest: .get, limits: .init(), into: &fields) else {
            Issue.record("\(lines)")
            return nil
        }
        let rewrite = LocationRewrite(own: ownBytes.span, told: toldBytes.span, port: port)
        guard let link = rewrite.rewritten(kind, of: fields, bytes.span) else { return nil }
        return String(decoding: bytes[link.before.range], as: UTF8.self) + "https://" + own
            + String(decoding: bytes[link.after.range], as: UTF8.self)
    }

    @Test("http on the client's own authority is rewritten")
    func own() {
        #expect(rewritten(["Location: http://a.example:8443/demo/"], own: "a.example:8443") == "https://a.example:8443/demo/")
        #expect(rewritten(["location: HTTP://a.example"], own: "a.example") == "https://a.example")
        #expect(rewritten(["Location: http://a.example?x"], own: "a.example") == "https://a.example?x")
        #expect(rewritten(["Content-Location: http://a.example/1"], .contentLocation, own: "a.example") == "https://a.example/1")
    }

    @Test("the name that the ticket system was told is rewritten, by any scheme, in any case, with the ports that may be its own")
    func told() {
        for link in [
            "http://in.example/x", "https://in.example/x", "HTTPS://IN.Example/x", "//in.example/x", "http://in.example:80/x",
            "http://in.example:443/x", "http://in.example:8080/x", "http://in.example:9000/x", "https://in.example:/x",
        ] {
            #expect(
                rewritten(["Location: \(link)"], own: "a.example", told: "In.example:9000", port: 8080) == "https://a.example/x", "\(link)")
        }
        #expect(rewritten(["Location: http://[fd00::1]:81/x"], own: "a.example", told: "[fd00::1]:81") == "https://a.example/x")
        #expect(rewritten(["Location: http://a.example/x"], own: "a.example", told: "in.example") == "https://a.example/x")
    }

    @Test("a Refresh keeps its seconds and its quotes")
    func refresh() {
        for (value, result) in [
            ("0; url=http://in.example/x", "0; url=https://a.example/x"), ("5;URL='http://in.example/x'", "5;URL='https://a.example/x'"),
            ("5, url = \"https://in.example\"", "5, url = \"https://a.example\""), ("3; http://in.example?y", "3; https://a.example?y"),
        ] {
            #expect(rewritten(["Refresh: \(value)"], .refresh, own: "a.example", told: "in.example") == result)
        }
        for value in ["5", "5;", "5; url", "5; url=", "5; url=/x", "5; url=http://elsewhere.example/", "; url='"] {
            #expect(rewritten(["Refresh: \(value)"], .refresh, own: "a.example", told: "in.example") == nil, "\(value)")
        }
    }

    @Test("every other link stays")
    func others() {
        for link in [
            "http://a.example:8080/", "http://a.example@evil.example/", "http://a.example.evil.example/", "https://a.example/", "/demo",
            "http://in.example:9000/", "http://in.example:8080x/", "http://in.example@evil.example/", "http://in.example.evil.example/",
            "http://xin.example/", "ftp://in.example/", "http:/in.example/", "http://in.example:99999/", "http://",
        ] {
            #expect(rewritten(["Location: \(link)"], own: "a.example", told: "in.example", port: 81) == nil, "\(link)")
        }
        #expect(rewritten(["Location: http://"], own: "") == nil)
        #expect(rewritten(["Location: http://in.example/"], own: "", told: "in.example") == nil)
        #expect(rewritten(["Location: http://a.example/", "Location: http://a.example/"], own: "a.example") == nil)
        #expect(rewritten([], own: "a.example") == nil)
    }
}
