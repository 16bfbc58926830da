import Testing

@testable import Gatekeeper

@Suite struct RequestIdentifierTests {
    private func kept(_ lines: String...) -> String? {
        let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else {
            Issue.record("\(lines)")
            return nil
        }
        return RequestIdentifier.fromClient(fields, bytes.span).map { String(decoding: bytes[$0.range], as: UTF8.self) }
    }

    @Test("a sane identifier of the client's is kept")
    func sane() {
        #expect(kept("X-Request-Id: 3f2b-A_.9") == "3f2b-A_.9")
        #expect(kept("x-request-id:  a  ") == "a")
        let longest = String(repeating: "a", count: 64)
        #expect(kept("X-Request-Id: \(longest)") == longest)
    }

    @Test("anything else is replaced")
    func insane() {
        #expect(kept() == nil)
        #expect(kept("X-Request-Id:") == nil)
        #expect(kept("X-Request-Id: a b") == nil)
        #expect(kept("X-Request-Id: a\"b") == nil)
        #expect(kept("X-Request-Id: é") == nil)
        #expect(kept("X-Request-Id: " + String(repeating: "a", count: 65)) == nil)
        #expect(kept("X-Request-Id: a", "X-Request-Id: a") == nil)
        #expect(kept("X_Request_Id: a") == nil)
    }
}
