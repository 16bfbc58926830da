import HTTPFixtures
import Testing

@testable import Gatekeeper

/// What holds for every head, tried on thousands of made ones. The seed is in every failure.
@Suite struct HeadPropertyTests {
    private static let seed = UInt64.random(in: 0...UInt64.max)

    private func string(_ alphabet: String, _ counts: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
        let letters = Array(alphabet)
        return String((0..<Int.random(in: counts, using: &random)).map { _ in letters.randomElement(using: &random)! })
    }

    /// A well-formed request with end-to-end fields only, spaced as it may be.
    private func request(_ random: inout SeededGenerator) -> String {
        let line = ["GET", "POST", "DELETE", "REPORT", "PATCH"].randomElement(using: &random)!
        let path = "/" + string("abc/.%20-_~", 0...20, &random)
        let query = Bool.random(using: &random) ? "?" + string("a=&b?/[]{}", 0...10, &random) : ""
        let host = ["a.example", "b.example:8443", "[::1]"].randomElement(using: &random)!
        let target = Bool.random(using: &random) ? path + query : "http://\(host)\(path)\(query)"
        var fields = ["Host: " + host]
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let name = "Y" + string("abcXYZ019-!#$^.", 0...20, &random)
            let blanks = [" ", "", "  ", "\t"].randomElement(using: &random)!
            fields.append(name + ":" + blanks + string("abc \t;=\"é,:", 0...30, &random))
        }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: fields.append("Content-Length: \(Int.random(in: 0...1000, using: &random))")
        case 1: fields.append("Transfer-Encoding: chunked")
        default: break
        }
        fields.shuffle(using: &random)
        return "\(line) \(target) HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private struct Facts: Equatable {
        var method = "", target = "", host = "", framing = BodyFraming.none
        var fields: [String] = []
    }

    private func facts(_ bytes: [UInt8]) -> Facts? {
        var table = FieldTable()
        guard case .parsed(let head) = RequestHeadParser.parse(bytes.span, limits: .init(), into: &table) else { return nil }
        func text(_ range: ByteRange) -> String { String(decoding: bytes[range.range], as: UTF8.self) }
        var facts = Facts(method: text(head.methodRange), target: text(head.originForm), host: text(head.host), framing: head.framing)
        if facts.framing == .none, ["POST", "PATCH", "PUT"].contains(facts.method) { facts.framing = .length(0) }
        facts.fields = table.entries.filter { $0.known == .other }.map { text($0.name) + ": " + text($0.value) }
        return facts
    }

    private func written(_ bytes: [UInt8]) -> [UInt8]? {
        var table = FieldTable()
        guard case .parsed(let head) = RequestHeadParser.parse(bytes.span, limits: .init(), into: &table) else { return nil }
        let buffer = Buffer(capacity: 32_768)
        let peer = Array("203.0.113.7".utf8)
        HeadWriter.writeRequest(
            head, table, source: bytes.span,
            context: ForwardedContext(peer: peer.span, requestID: peer.span, defaultHost: peer.span), into: buffer)
        return FixtureReader.array(buffer.readable)
    }

    @Test("a written request reads as what was read")
    func roundTrip() {
        var random = SeededGenerator(seed: Self.seed)
        for round in 0..<2000 {
            let bytes = Array(request(&random).utf8)
            guard let before = facts(bytes), let sent = written(bytes) else {
                Issue.record("seed \(Self.seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
                return
            }
            guard facts(sent) == before else {
                Issue.record("seed \(Self.seed), round \(round): \(String(decoding: sent, as: UTF8.self))")
                return
            }
        }
    }

    private static let ours = [
        "Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-IP", "X-Request-Id",
    ]

    @Test("a written request holds each of our fields once, and framing once or not at all")
    func ours() {
        var random = SeededGenerator(seed: Self.seed &+ 1)
        for round in 0..<500 {
            guard let sent = written(Array(request(&random).utf8)) else {
                Issue.record("seed \(Self.seed), round \(round)")
                return
            }
            let names = String(decoding: sent, as: UTF8.self).components(by: "\r\n").dropFirst().map { $0.prefix { $0 != ":" } }
            for name in Self.ours {
                #expect(names.count { $0 == name } == 1, "seed \(Self.seed), round \(round)")
            }
            #expect(names.count { $0 == "Content-Length" || $0 == "Transfer-Encoding" } <= 1, "seed \(Self.seed), round \(round)")
        }
    }

    @Test("no mutation of a fixture traps, and torn it has the outcome that it has whole")
    func mutation() {
        var random = SeededGenerator(seed: Self.seed &+ 2)
        let interesting = Array("\r\n\t :;,=\"\\/?#@%0_-".utf8) + [0, 0x7f, 0x80, 0xff]
        let small = Fixture.all.filter { $0.bytes.count < 500 }
        for round in 0..<8000 {
            guard var fixture = small.randomElement(using: &random) else {
                Issue.record("no fixtures")
                return
            }
            for _ in 0..<Int.random(in: 1...3, using: &random) where !fixture.bytes.isEmpty {
                let offset = Int.random(in: fixture.bytes.indices, using: &random)
                let isInteresting = Bool.random(using: &random)
                let byte = isInteresting ? interesting.randomElement(using: &random)! : UInt8.random(in: 0...255, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: fixture.bytes[offset] = byte
                case 1: fixture.bytes.insert(byte, at: offset)
                default: fixture.bytes.remove(at: offset)
                }
            }
            let count = fixture.bytes.count
            let whole = FixtureReader.outcome(of: fixture, arriving: [count])
            let torn = FixtureReader.outcome(of: fixture, arriving: [Int.random(in: 0...count, using: &random), count])
            let single = FixtureReader.outcome(of: fixture, arriving: Array(0...count))
            guard torn == whole, single == whole else {
                Issue.record("seed \(Self.seed), round \(round): \(String(decoding: fixture.bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
    }

    @Test("whatever is accepted and written upstream is accepted again, with the same framing")
    func mutatedRoundTrip() {
        var random = SeededGenerator(seed: Self.seed &+ 3)
        let requests = Fixture.all.filter { $0.kind.isEmpty && $0.bytes.count < 500 }
        for round in 0..<8000 {
            guard var bytes = requests.randomElement(using: &random)?.bytes, !bytes.isEmpty else { continue }
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            guard let sent = written(bytes) else { continue }
            // An absolute target without path gets one.
            guard let before = facts(bytes), let after = facts(sent), before.framing == after.framing,
                before.target == after.target || before.target.isEmpty || before.target.hasPrefix("?")
            else {
                Issue.record("seed \(Self.seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
    }

    @Test("whatever of a response is accepted and written to a client is one head again, with the framing that was chosen")
    func mutatedResponses() {
        var random = SeededGenerator(seed: Self.seed &+ 4)
        let interesting = Array("\r\n\t :;,".utf8) + [0, 0x0b, 0x7f, 0x85, 0xff]
        let responses = Fixture.all.filter { $0.kind.first == "response" && $0.bytes.count < 500 }
        let authority = Array("a.example".utf8)
        var writtenCount = 0
        for round in 0..<8000 {
            guard var bytes = responses.randomElement(using: &random)?.bytes, !bytes.isEmpty else { continue }
            let offset = Int.random(in: bytes.indices, using: &random)
            let byte = interesting.randomElement(using: &random)!
            if Bool.random(using: &random) { bytes[offset] = byte } else { bytes.insert(byte, at: offset) }
            var fields = FieldTable()
            let read = ResponseHeadParser.parse(bytes.span, forRequest: .get, limits: .init(), into: &fields)
            guard case .parsed(let head) = read else { continue }
            let framing = head.framing == .untilClose ? .chunked : head.framing
            let buffer = Buffer(capacity: 32_768)
            HeadWriter.writeResponse(
                head, fields, source: bytes.span, requestVersion: .http11, framing: framing, keepAlive: true,
                ownAuthority: authority.span, into: buffer)
            writtenCount += 1
            let reread = ResponseHeadParser.parse(buffer.readable, forRequest: .get, limits: .init(), into: &fields)
            guard case .parsed(let other) = reread, other.byteCount == buffer.count, other.status == head.status,
                other.framing == framing, other.isPersistent
            else {
                Issue.record("seed \(Self.seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
        #expect(writtenCount > 500)
    }
}
