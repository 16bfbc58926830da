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
            #expect([.other, .proxy, .disguised].contains(field(other)), "\(other)")
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

    @Test("a name with an underscore is one of its own, unless it reads as a known one with a hyphen in its place")
    func underscores() {
        for name in ["_", "a_", "api_key", "TECHNICIAN_KEY", "Transfer-Encoding_", "X_Forwarder", "x_real_ip_address", "XX_Forwarded_For"] {
            #expect(field(name) == .underscored, "\(name)")
        }
        for name in KnownFieldNames.names.map(\.name) where name.contains("-") {
            #expect(field(name.replacing("-", with: "_")) == .disguised, "\(name)")
            #expect(field(name.uppercased().replacing("-", with: "_")) == .disguised, "\(name)")
        }
        for name in ["X_Forwarded_For", "x-http_method-override", "X-Original_URL", "Proxy_", "Sec_WebSocket_Key", "HTTP2_Settings"] {
            #expect(field(name) == .disguised, "\(name)")
        }
    }

    @Test("a name with any other byte is read by some as another")
    func disguised() {
        for byte in "!#$%&'*+.^`|~" {
            for name in ["X\(byte)Forwarded\(byte)For", "a\(byte)", "\(byte)", "api_key\(byte)"] {
                #expect(field(name) == .disguised, "\(name)")
            }
        }
    }
}
