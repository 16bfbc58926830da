import Testing

@testable import Gatekeeper

struct TraceParentTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"

    private func trace(_ lines: String...) -> String? {
        let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { "Traceparent: \($0)\r\n" }.joined() + "\r\n").utf8)
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else { return "not parsed" }
        return TraceParent.traceID(fields, bytes.span).map { String(decoding: bytes[$0.range], as: UTF8.self) }
    }

    @Test("the trace's identifier is the second part")
    func found() {
        #expect(trace("00-\(Self.id)-00f067aa0ba902b7-01") == Self.id)
        #expect(trace("cc-\(Self.id)-00f067aa0ba902b7-01-what-comes") == Self.id)
        #expect(trace() == nil)
        #expect(trace("00-\(Self.id)-00f067aa0ba902b7-01", "00-\(Self.id)-00f067aa0ba902b7-01") == nil)
    }

    @Test(
        "what isn't as the standard has it is none",
        arguments: [
            "", "00-\(id)-00f067aa0ba902b7-0", "00-\(id)-00f067aa0ba902b7-011", "00-\(id)-00f067aa0ba902b7-01-x",
            "ff-\(id)-00f067aa0ba902b7-01", "00-\(id)-0000000000000000-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-\(id.uppercased())-00f067aa0ba902b7-01", "00_\(id)_00f067aa0ba902b7_01", "0x-\(id)-00f067aa0ba902b7-01",
            "00-\(id)-00f067aa0ba902b7-0g", "cc-\(id)-00f067aa0ba902b7-01x",
        ])
    func malformed(value: String) {
        #expect(trace(value) == nil)
    }
}
