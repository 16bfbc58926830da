import Testing

@testable import Gatekeeper

struct ExchangeIdentifierTests {
    private func text(_ identifier: ExchangeIdentifier) -> String {
        let bytes = identifier.bytes
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    private func kept(_ lines: String) throws -> String? {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n".utf8)
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(bytes.span, limits: .init(), into: &fields) else {
            Issue.record("\(lines)")
            return nil
        }
        return ExchangeIdentifier(fields, bytes.span).map { text($0) }
    }

    @Test("a sane identifier of the client's is kept byte for byte, up to 64 of them")
    func keepsSane() throws {
        #expect(try kept("X-Request-Id: a\r\n") == "a")
        #expect(try kept("X-Request-Id: 3f2b-A_.9\r\n") == "3f2b-A_.9")
        let longest = String(repeating: "0123456789abcdef", count: 4)
        #expect(try kept("X-Request-Id: \(longest)\r\n") == longest)
    }

    @Test("one that is missing, twice there, too long or unsafe to repeat isn't")
    func replacesOthers() throws {
        #expect(try kept("") == nil)
        #expect(try kept("X-Request-Id:\r\n") == nil)
        #expect(try kept("X-Request-Id: a\r\nX-Request-Id: b\r\n") == nil)
        #expect(try kept("X-Request-Id: \(String(repeating: "a", count: 65))\r\n") == nil)
        #expect(try kept("X-Request-Id: a;b\r\n") == nil)
        #expect(try kept("X-Request-Id: <script>\r\n") == nil)
    }

    @Test("those that are made are 32 hexadecimal digits, and no two are alike, whichever worker makes them")
    func unique() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var seen: Set<String> = []
        for _ in 0..<8 {
            var source = ExchangeIdentifierSource(seed: random.next())
            for _ in 0..<5_000 {
                let text = text(source.next())
                #expect(text.utf8.count == 32 && text.allSatisfy { "0123456789abcdef".contains($0) }, "seed \(seed): \(text)")
                #expect(seen.insert(text).inserted, "seed \(seed): \(text) twice")
            }
        }
    }

    @Test("an identifier that was made would be kept if a client sent it back")
    func sane() {
        var source = ExchangeIdentifierSource(seed: 0)
        let identifier = source.next()
        let isSane = RequestIdentifier.isSane(identifier.bytes)
        #expect(isSane)
    }
}
