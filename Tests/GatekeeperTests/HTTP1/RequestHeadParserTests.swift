import Testing

@testable import Gatekeeper

@Suite struct RequestHeadParserTests {
    private let request = Array("\r\nPOST /a?b HTTP/1.1\r\nHost: h\r\nX:  y \r\nContent-Length: 3\r\n\r\nabc".utf8)

    @Test("ranges count from the first byte, and the body begins at byteCount")
    func ranges() throws {
        var fields = FieldTable()
        let result = RequestHeadParser.parse(request.span, limits: .init(), into: &fields)
        guard case .parsed(let head) = result else {
            Issue.record("\(result)")
            return
        }
        func text(_ range: ByteRange) -> String { String(decoding: request[range.range], as: UTF8.self) }
        #expect(head.method == .post)
        #expect(text(head.methodRange) == "POST")
        #expect(text(head.target) == "/a?b")
        #expect(text(head.path) == "/a")
        #expect(text(head.query) == "b")
        #expect(text(head.originForm) == "/a?b")
        #expect(text(head.host) == "h")
        #expect(request[head.byteCount...].elementsEqual("abc".utf8))
        #expect(fields.entries.map { text($0.name) } == ["Host", "X", "Content-Length"])
        #expect(fields.entries.map { text($0.value) } == ["h", "y", "3"])
        #expect(fields.entries.map(\.isCanonical) == [true, false, true])
        #expect(fields.entries.map(\.known) == [.host, .other, .contentLength])
    }

    @Test("a table is emptied by a whole parse and used again")
    func reuse() {
        var fields = FieldTable()
        for _ in 0..<3 {
            guard case .parsed = RequestHeadParser.parse(request.span, limits: .init(), into: &fields) else {
                Issue.record()
                return
            }
            #expect(fields.count == 3)
            #expect(!fields.isRepeated(.host))
        }
    }

    @Test("a parser goes on where it stopped")
    func resume() {
        var fields = FieldTable()
        var parser = RequestHeadParser()
        for end in 0..<request.count - 3 {
            #expect(parser.resume(request.span.extracting(0..<end), limits: .init(), into: &fields) == .needsMore)
        }
        guard case .parsed(let head) = parser.resume(request.span, limits: .init(), into: &fields) else {
            Issue.record()
            return
        }
        #expect(head.framing == .length(3))
        #expect(fields.count == 3)
    }

    @Test("one reader takes one head after the other, whole or torn, and the table says what was read last")
    func reader() {
        var fields = FieldTable()
        var reader = HeadReader<RequestHeadParser>()
        for isTorn in [false, true, true, false] {
            if isTorn {
                for end in 1..<request.count - 3 {
                    let torn = reader.read(
                        request.span.extracting(0..<end), by: RequestHeadParser(), limits: .init(), into: &fields)
                    #expect(torn == .needsMore)
                }
            }
            guard case .parsed(let head) = reader.read(request.span, by: RequestHeadParser(), limits: .init(), into: &fields) else {
                Issue.record()
                return
            }
            #expect(head.framing == .length(3) && fields.count == 3)
        }
    }

    @Test("a head that arrives byte by byte costs what its bytes cost, not their square")
    func linear() {
        var limits = Settings.Limits()
        limits.headBytesMax = 1 << 20
        let bytes = Array(("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 200_000) + "\r\n\r\n").utf8)
        var fields = FieldTable()
        var parser = RequestHeadParser()
        // Scanning from the start at every byte would look at 2 × 10¹⁰ bytes: minutes, even without debug checks.
        for end in 0..<bytes.count {
            guard case .needsMore = parser.resume(bytes.span.extracting(0..<end), limits: limits, into: &fields) else {
                Issue.record()
                return
            }
        }
        guard case .parsed = parser.resume(bytes.span, limits: limits, into: &fields) else {
            Issue.record()
            return
        }
    }

    @Test(
        "what is refused is refused by the byte that shows it",
        arguments: [
            ("GET / HTTP/1.1\n", Refusal.bareLF), ("GET /\0", .nul), ("GET / HTTP/1.1\rX", .bareCR), ("HELO mail\r\n", .targetForm),
            ("GET / HTTP/1.1\r\nHost: a\r\n ", .obsFold), ("GET / HTTP/1.1\r\n\t", .whitespaceBeforeFirstField),
            (" ", .requestLineMalformed),
            ("GET / HTTP/1.1\r\nHost : a\r\n", .spaceBeforeColon), ("GET / HTTP/2.0\r\n", .versionUnsupported),
            ("PUT / HTTP/1.1\r\nContent-Length: +1\r\n", .contentLengthMalformed),
            ("PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: x\r\n", .contentLengthWithTransferEncoding),
        ])
    func early(_ text: String, _ refusal: Refusal) {
        let bytes = Array(text.utf8)
        var fields = FieldTable()
        var parser = RequestHeadParser()
        let before = bytes.span.extracting(0..<bytes.count - 1)
        #expect(parser.resume(before, limits: .init(), into: &fields) == .needsMore)
        #expect(parser.resume(bytes.span, limits: .init(), into: &fields) == .refused(refusal))
    }

    @Test("a head beyond the limit is refused when the limit is reached, not when it ends")
    func limit() {
        var limits = Settings.Limits()
        limits.headBytesMax = 64
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 64)
        var fields = FieldTable()
        var parser = RequestHeadParser()
        #expect(parser.resume(bytes.span.extracting(0..<63), limits: limits, into: &fields) == .needsMore)
        #expect(parser.resume(bytes.span.extracting(0..<64), limits: limits, into: &fields) == .refused(.headTooLarge))
    }
}
