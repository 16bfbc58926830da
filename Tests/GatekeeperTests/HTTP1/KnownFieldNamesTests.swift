import Testing

@testable import Gatekeeper

@Suite struct KnownFieldNamesTests {
    private func field(_ name: String) -> KnownField {
        let value = name.lowercased() == "content-length" ? "1" : "chunked"
        var fields = FieldTable()
        let head = Array("HTTP/1.1 200 OK\r\n\(name): \(value)\r\n\r\n".utf8)
        let result = ResponseHeadParser.parse(head.span, forRequest: .get, limits: .init(), into: &fields)
        guard case .parsed = result else {
            Issue.record("\(name): \(result)")
            return .other
        }
        return fields.entries[0].known
    }

    @Test("every listed name is found in every case", arguments: KnownFieldNames.names.indices)
    func listed(_ index: Int) {
        let (name, known) = KnownFieldNames.names[index]
        #expect(field(name) == known)
        #expect(field(name.uppercased()) == known)
        #expect(name.utf8.count <= 24)
    }

    @Test("a name that differs by a letter is another field", arguments: KnownFieldNames.names.indices)
    func near(_ index: Int) {
        let name = KnownFieldNames.names[index].name
        for other in [name + "x", "x" + name, String(name.dropLast()) + "~", name + "."] {
            #expect([.other, .proxy].contains(field(other)), "\(other)")
        }
    }

    @Test("families are known by how they begin")
    func families() {
        #expect(field("X-Forwarded-Anything") == .forwarded)
        #expect(field("x-forwarded-for-a-name-longer-than-any-word") == .forwarded)
        #expect(field("X-Forwarder") == .other)
        #expect(field("X-Original-URL") == .rewrite)
        #expect(field("X-Originality") == .other)
        #expect(field("Proxy-Anything-At-All-And-Then-Some-More") == .proxy)
        #expect(field("Proxies") == .other)
        #expect(field("Sec-WebSocket-Key") == .webSocket)
        #expect(field("Sec-WebSocket-Extensions") == .webSocket)
        #expect(field("Sec-WebSocketKey") == .other)
    }

    @Test("an underscore comes before everything else")
    func underscores() {
        for name in ["Content_Length", "_", "a_", "X_Forwarded_For", "Transfer-Encoding_"] { #expect(field(name) == .underscored) }
    }
}
