import Testing

@testable import Gatekeeper

struct DroppedFieldsTests {
    private func told(_ lines: String..., passingUnderscores: Bool = false, keepingRequestID: Bool = false) -> String {
        let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else { return "not parsed" }
        var dropped = DroppedFields()
        let missed = ForwardedFields.missed(passingUnderscores: passingUnderscores, keepingRequestID: keepingRequestID)
        dropped.add(fields, bytes.span, dropped: missed)
        return String(decoding: dropped.told(), as: UTF8.self)
    }

    @Test("a field that doesn't go on is told with the reason")
    func reasons() {
        #expect(told("api_key: 1", "X.A: 2") == "api_key (name), X.A (name)")
        #expect(told("Client-IP: 1", "X-Original-URL: 2") == "Client-IP (forwarded), X-Original-URL (rewrite)")
        #expect(told("X-Request-Id: a b") == "X-Request-Id (request_id)")
        #expect(told("X-Request-Id: a", keepingRequestID: true) == "")
    }

    @Test("nothing is told of what goes on, nor of what is for this hop")
    func nothing() {
        #expect(told("Accept: */*", "Connection: X-A, keep-alive", "X-A: 1", "Keep-Alive: 5", "TE: trailers", "Upgrade: h2c") == "")
        #expect(told("api_key: 1", "X_Forwarded_For: 2", passingUnderscores: true) == "X_Forwarded_For (name)")
        #expect(told("Connection: a_b", "a_b: 1") == "")
    }

    @Test("many are counted, and a long name is cut")
    func bounded() {
        let name = String(repeating: "a", count: 200) + "_"
        #expect(told("\(name): 1") == String(repeating: "a", count: 64) + "… (name)")
        let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\n" + (0..<50).map { "a_\($0): 1\r\n" }.joined() + "\r\n").utf8)
        var fields = FieldTable()
        _ = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields)
        var dropped = DroppedFields()
        dropped.add(fields, bytes.span, dropped: ForwardedFields.fields)
        let text = String(decoding: dropped.told(), as: UTF8.self)
        #expect(text.hasPrefix("a_0 (name), ") && text.hasSuffix("a_7 (name), 42 more"))
        #expect(text.utf8.count < JournalRecord.valueBytesMax)
    }
}
