import Testing

@testable import Gatekeeper

@Suite struct HopByHopTests {
    private func nominated(_ lines: String...) -> [String]? {
        let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n").utf8)
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else { return nil }
        return fields.entries.filter(\.isNominated).map { String(decoding: bytes[$0.name.range], as: UTF8.self) }
    }

    @Test("what Connection names is marked, wherever it stands and however it is spelled")
    func marked() {
        #expect(nominated("X-A: 1", "Connection: x-a, close", "x-A: 2", "X-AB: 3") == ["X-A", "x-A"])
        #expect(nominated("Connection: a", "A: 1", "Connection: b", "B: 1") == ["A", "B"])
        #expect(nominated("Connection: close, keep-alive, upgrade, TE", "TE: trailers") == [])
    }

    @Test(
        "a request that names a protected field is refused", arguments: ["host", "Cookie", "AUTHORIZATION", "content-length", "if-match"])
    func protected(_ name: String) {
        #expect(nominated("Connection: close, \(name)") == nil)
    }

    @Test("a field of ours can't be named away, and naming it isn't held against anybody")
    func forwarded() {
        #expect(nominated("Connection: X-Forwarded-For", "X-Forwarded-For: 1") == ["X-Forwarded-For"])
    }

    @Test("a table of the most fields and a Connection of the most options are compared in bounded time")
    func bounded() {
        let options = (0..<ConnectionOptions.countMax).map { "n\($0)" }.joined(separator: ",")
        var lines = "GET / HTTP/1.1\r\nHost: a\r\nConnection: \(options)\r\n"
        for index in 0..<98 { lines += "n\(index % 40): \(index)\r\n" }
        let bytes = Array((lines + "\r\n").utf8)
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else {
            Issue.record()
            return
        }
        #expect(fields.entries.count(where: \.isNominated) == (0..<98).count { $0 % 40 < 32 })
    }
}
