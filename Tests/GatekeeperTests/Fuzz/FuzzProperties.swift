@testable import Gatekeeper

/// What holds of any bytes at all, whoever sent them. Each property gives nil, or says how it was broken.
///
/// The fuzzer feeds them millions of inputs (`make fuzz`); the tests replay the inputs that were worth keeping.
enum FuzzProperties {
    static let limits: Settings.Limits = {
        var limits = Settings.Limits()
        limits.headBytesMax = 2048
        limits.targetBytesMax = 512
        limits.fieldsMax = 20
        limits.chunkHeaderBytesMax = 64
        limits.trailerBytesMax = 256
        limits.requestBodyBytesMax = 4096
        return limits
    }()

    /// The names of the properties are those of the folders of inputs.
    static let all: [(name: String, check: @Sendable ([UInt8]) -> String?)] = [
        ("request-head", requestHead), ("response-head", responseHead), ("chunked-body", chunkedBody),
        ("forwarded-request", forwardedRequest),
        ("path", path), ("proxy-header", proxyHeader), ("challenge-hello", challengeHello),
    ]

    // MARK: Heads

    private static func describe<Head>(_ result: ParseResult<Head>, _ fields: borrowing FieldTable) -> String {
        switch result {
        case .needsMore: "needs more"
        case .refused(let refusal): "refused \(refusal.reason)"
        case .parsed(let head): "\(head) \(fields.entries)"
        }
    }

    /// Byte by byte, and torn once at a place that the input itself chooses, a head is what it is whole.
    static func requestHead(_ bytes: [UInt8]) -> String? {
        var fields = FieldTable()
        let whole = describe(RequestHeadParser.parse(bytes.span, limits: limits, into: &fields), fields)
        for offsets in tearings(bytes) {
            var parser = RequestHeadParser()
            var table = FieldTable()
            var torn = "needs more"
            for offset in offsets {
                torn = describe(parser.resume(bytes.span.extracting(first: offset), limits: limits, into: &table), table)
                guard torn == "needs more" else { break }
            }
            if torn != whole { return "torn at \(offsets.prefix(3)): \(torn); whole: \(whole)" }
        }
        return nil
    }

    static func responseHead(_ bytes: [UInt8]) -> String? {
        let method: Method = bytes.first.map { $0 & 1 == 0 ? .get : .head } ?? .get
        var fields = FieldTable()
        let whole = describe(ResponseHeadParser.parse(bytes.span, forRequest: method, limits: limits, into: &fields), fields)
        for offsets in tearings(bytes) {
            var parser = ResponseHeadParser(forRequest: method)
            var table = FieldTable()
            var torn = "needs more"
            for offset in offsets {
                torn = describe(
                    parser.resume(bytes.span.extracting(first: offset), limits: limits, into: &table), table)
                guard torn == "needs more" else { break }
            }
            if torn != whole { return "torn at \(offsets.prefix(3)): \(torn); whole: \(whole)" }
        }
        return nil
    }

    private static func tearings(_ bytes: [UInt8]) -> [[Int]] {
        guard bytes.count > 1 else { return [] }
        let place = 1 + bytes.reduce(0) { ($0 * 31 + Int($1)) % (bytes.count - 1) }
        return [Array(1...bytes.count), [place, bytes.count]]
    }

    // MARK: Bodies

    /// Data, end and refusal don't depend on how the bytes arrive; what is accepted, a decoder that was written by the grammar alone accepts
    /// too, with the same data and the same end.
    static func chunkedBody(_ bytes: [UInt8]) -> String? {
        let whole = scan(bytes, pieces: [bytes.count])
        for offsets in tearings(bytes) {
            let torn = scan(bytes, pieces: offsets)
            if torn != whole { return "torn: \(torn); whole: \(whole)" }
        }
        guard case .ended(let data, let end) = whole else { return nil }
        guard let reference = referenceDecode(bytes) else { return "accepted \(end) bytes that the grammar doesn't know" }
        return reference.data == data && reference.end == end
            ? nil : "\(data.count) to \(end), by the grammar \(reference.data.count) to \(reference.end)"
    }

    private enum Scan: Equatable {
        case more([UInt8])
        case ended([UInt8], end: Int)
        case refused(Refusal)
    }

    private static func scan(_ bytes: [UInt8], pieces offsets: [Int]) -> Scan {
        var scanner = ChunkedScanner(bodyBytesMax: UInt64(limits.requestBodyBytesMax))
        var data: [UInt8] = []
        var position = 0
        for offset in offsets {
            while position < offset {
                switch scanner.scan(bytes.span.extracting(position..<offset), limits: limits) {
                case .needsMore(let consumed):
                    position += consumed
                    if consumed == 0 { return .more(data) }
                case .data(let range, let consumed):
                    data += bytes[position + Int(range.start)..<position + range.range.upperBound]
                    position += consumed
                case .end(let consumed): return .ended(data, end: position + consumed)
                case .refused(let refusal): return .refused(refusal)
                }
            }
        }
        return .more(data)
    }

    /// `chunked-body` of RFC 9112 §7.1, without its extensions' inside: they end with their line.
    private static func referenceDecode(_ bytes: [UInt8]) -> (data: [UInt8], end: Int)? {
        var data: [UInt8] = []
        var rest = bytes[...]
        func line() -> [UInt8]? {
            guard let end = rest.firstIndex(of: 13), end + 1 < bytes.count, bytes[end + 1] == 10 else { return nil }
            defer { rest = bytes[(end + 2)...] }
            return Array(rest[..<end])
        }
        while true {
            guard let header = line() else { return nil }
            let digits = header.prefix { Character(UnicodeScalar($0)).isHexDigit }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
            if size == 0 { break }
            guard rest.count >= size + 2, rest.dropFirst(size).prefix(2).elementsEqual([13, 10]) else { return nil }
            data += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        while let field = line() { if field.isEmpty { return (data, bytes.count - rest.count) } }
        return nil
    }

    // MARK: What goes on

    /// The head that is sent upstream for a request parses again, to the same request, with nothing behind it.
    static func forwardedRequest(_ bytes: [UInt8]) -> String? {
        var fields = FieldTable()
        guard case .parsed(let head) = RequestHeadParser.parse(bytes.span, limits: limits, into: &fields) else { return nil }
        let written = Buffer(capacity: 16 << 10)
        let (peer, identifier, host) = (Array("203.0.113.7".utf8), Array("id-1".utf8), Array("default.example".utf8))
        HeadWriter.writeRequest(
            head, fields, source: bytes.span,
            context: ForwardedContext(peer: peer.span, requestID: identifier.span, defaultHost: host.span), into: written)
        if written.overflowed { return "\(bytes.count) bytes became more than 16 KiB" }
        var again = FieldTable()
        var limits = limits
        limits.headBytesMax = 16 << 10
        limits.fieldsMax = 40
        guard case .parsed(let other) = RequestHeadParser.parse(written.readable, limits: limits, into: &again) else {
            return "what was written is not a head"
        }
        if other.byteCount != written.count { return "\(written.count - other.byteCount) bytes behind the head" }
        let expected = head.framing == .none && head.method.expectsBody ? .length(0) : head.framing
        if other.framing != expected { return "\(head.framing) became \(other.framing)" }
        if other.method != head.method || other.version != .http11 || other.wantsUpgrade { return "\(head) became \(other)" }
        if !head.host.isEmpty, !same(bytes.span, head.host, written.readable, other.host) { return "another Host" }
        for field in again.entries where [.underscored, .disguised, .proxy].contains(field.known) { return "\(field.known) was passed on" }
        return nil
    }

    private static func same(_ a: Span<UInt8>, _ x: ByteRange, _ b: Span<UInt8>, _ y: ByteRange) -> Bool {
        guard x.count == y.count else { return false }
        for index in 0..<Int(x.count) where a[Int(x.start) + index] != b[Int(y.start) + index] { return false }
        return true
    }

    // MARK: Load balancers

    /// A header ends within its limits and within what came, and neither bytes behind it nor a tearing change what it is.
    static func proxyHeader(_ bytes: [UInt8]) -> String? {
        let whole = ProxyHeader.parse(bytes.span)
        for offset in 0..<bytes.count {
            let torn = ProxyHeader.parse(bytes.span.extracting(first: offset))
            if torn != .needsMore, torn != whole { return "torn at \(offset): \(torn); whole: \(whole)" }
        }
        switch whole {
        case .needsMore: return bytes.count >= ProxyHeader.bytesMax ? "still waiting after \(bytes.count) bytes" : nil
        case .refused: return nil
        case .parsed(let header):
            let limit = bytes.first == UInt8(ascii: "P") ? ProxyHeader.lineBytesMax : ProxyHeader.bytesMax
            if header.byteCount > min(limit, bytes.count) { return "\(header.byteCount) of \(bytes.count) bytes" }
            let alone = ProxyHeader.parse(bytes.span.extracting(first: header.byteCount))
            return alone == whole ? nil : "alone: \(alone); with more behind it: \(whole)"
        }
    }

    // MARK: Authorities

    /// A tearing changes no answer, nor do bytes behind; none is waited for beyond the limit, and what is right asks for the name and the
    /// protocol, each where records are put together.
    static func challengeHello(_ bytes: [UInt8]) -> String? {
        let names = ["a.example", "9.2.0.192.in-addr.arpa"].map { Array($0.utf8) }
        let whole = ChallengeHello.read(bytes.span, for: names)
        for offset in 0..<bytes.count {
            let torn = ChallengeHello.read(bytes.span.extracting(first: offset), for: names)
            if torn != .needsMore, torn != whole { return "torn at \(offset): \(torn); whole: \(whole)" }
        }
        if ChallengeHello.read((bytes + [0]).span, for: names) != whole, whole != .needsMore { return "another with a byte more" }
        switch whole {
        case .cannotBe: return nil
        case .needsMore: return bytes.count >= ChallengeHello.bytesMax ? "still waiting after \(bytes.count) bytes" : nil
        case .hello(let name):
            var rest = bytes[...]
            var message: [UInt8] = []
            while rest.count > 5 {
                let length = Int(rest[rest.startIndex + 3]) << 8 + Int(rest[rest.startIndex + 4])
                message += rest.dropFirst(5).prefix(length)
                rest = rest.dropFirst(5 + length)
            }
            let hasProtocol = message.firstRange(of: [0, 16, 0, 13, 0, 11, 10] + Array("acme-tls/1".utf8)) != nil
            let hasName = message.map(ByteScan.lowercased).firstRange(of: [0, UInt8(names[name].count)] + names[name]) != nil
            return hasProtocol && hasName ? nil : "right without its protocol or its name"
        }
    }

    // MARK: Paths

    /// A path that has one reading only has no second one behind its escapes.
    static func path(_ bytes: [UInt8]) -> String? {
        guard PathNormalForm.isUnambiguous(bytes.span), !bytes.isEmpty else { return nil }
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard let byte = PathNormalForm.decoded(bytes.span, at: &index) else { return "an escape that isn't one" }
            decoded.append(byte)
        }
        let segments = decoded.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if segments.count - 1 != bytes.count(where: { $0 == UInt8(ascii: "/") }) { return "an escape hid a slash" }
        if segments.dropFirst().dropLast().contains([]) { return "an empty segment" }
        if segments.contains(where: { !$0.isEmpty && $0.allSatisfy { $0 == UInt8(ascii: ".") } }) { return "a dot segment" }
        if decoded.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "\\") }) {
            return "a character"
        }
        return String(validating: decoded, as: UTF8.self) == nil ? "not UTF-8" : nil
    }
}
