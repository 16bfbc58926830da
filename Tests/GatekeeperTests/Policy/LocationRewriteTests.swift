import Testing

@testable import Gatekeeper

@Suite struct LocationRewriteTests {
    private func rest(_ lines: [String], authority: String) -> String? {
        let bytes = Array(("HTTP/1.1 302 Found\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
        let own = Array(authority.utf8)
        var fields = FieldTable()
        guard case .parsed = ResponseHeadParser.parse(bytes.span, forRequest: .get, limits: .init(), into: &fields) else {
            Issue.record("\(lines)")
            return nil
        }
        return LocationRewrite.rest(of: fields, bytes.span, ownAuthority: own.span).map { String(decoding: bytes[$0.range], as: UTF8.self) }
    }

    @Test("http on our own authority is rewritten")
    func own() {
        #expect(rest(["Location: http://a.example:8443/demo/"], authority: "a.example:8443") == "a.example:8443/demo/")
        #expect(rest(["location: HTTP://a.example"], authority: "a.example") == "a.example")
        #expect(rest(["Location: http://a.example?x"], authority: "a.example") == "a.example?x")
    }

    @Test("every other Location stays")
    func others() {
        #expect(rest(["Location: http://a.example:8080/"], authority: "a.example") == nil)
        #expect(rest(["Location: http://a.example@evil.example/"], authority: "a.example") == nil)
        #expect(rest(["Location: http://a.example.evil.example/"], authority: "a.example") == nil)
        #expect(rest(["Location: https://a.example/"], authority: "a.example") == nil)
        #expect(rest(["Location: /demo"], authority: "a.example") == nil)
        #expect(rest(["Location: http://"], authority: "") == nil)
        #expect(rest(["Location: http://a.example/"], authority: "") == nil)
        #expect(rest(["Location: http://a.example/", "Location: http://a.example/"], authority: "a.example") == nil)
        #expect(rest([], authority: "a.example") == nil)
    }
}
