/// `method SP target SP version` (RFC 9112 §3).
///
/// One space between two parts, as the grammar has it: §3 lets a recipient take runs of them for one, and not every recipient does. In HTTP/1.0
/// every recipient should (RFC 1945, appendix B), so there they are one. Spaces before the method and behind the version are refused.
enum RequestLine {
    static func parse(_ bytes: Span<UInt8>, _ line: Range<Int>, targetBytesMax: Int) throws(Refusal) -> RequestHead {
        let end = line.upperBound
        let methodEnd = ByteClass.token.end(in: bytes, from: line.lowerBound, to: end)
        guard methodEnd < end else { throw .requestLineMalformed }
        guard methodEnd > line.lowerBound, bytes[methodEnd] == ByteScan.space else { throw .methodMalformed }
        let method = try self.method(bytes, line.lowerBound..<methodEnd)

        let start = skipSpaces(bytes, from: methodEnd, to: end)
        guard start < end else { throw .requestLineMalformed }
        let target = try RequestTarget.parse(bytes, from: start, to: end, method: method)
        guard target.end < end else { throw .requestLineMalformed }
        guard target.end &- start <= targetBytesMax else { throw .targetTooLong }

        let versionStart = skipSpaces(bytes, from: target.end, to: end)
        let version = try self.version(bytes, from: versionStart, to: end)
        let isSpacedOnce = start == methodEnd &+ 1 && versionStart == target.end &+ 1
        guard isSpacedOnce || version == .http10 else { throw .requestLineMalformed }
        return RequestHead(
            method: method, methodRange: ByteRange(start: line.lowerBound, count: methodEnd &- line.lowerBound),
            target: ByteRange(start: start, count: target.end &- start), targetForm: target.form,
            path: target.path, query: target.query, host: target.authority, version: version)
    }

    private static func method(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(Refusal) -> Method {
        for index in range where bytes[index] &- UInt8(ascii: "a") < 26 { throw .methodLowercase }
        let count = range.upperBound &- range.lowerBound
        guard count <= 8 else { return .other }
        let method = Method(word: ByteScan.load(bytes, at: range.lowerBound, count: count), count: count)
        if method == .connect || method == .trace { throw .methodRefused }
        return method
    }

    private static func version(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(Refusal) -> HTTPVersion {
        guard start < end else { throw .requestLineMalformed }
        guard end &- start == 8, let word = ByteScan.load(bytes, at: start) else { throw .versionMalformed }
        if word == ByteScan.word("HTTP/1.1") { return .http11 }
        if word == ByteScan.word("HTTP/1.0") { return .http10 }
        guard word & 0x00ff_00ff_ffff_ffff == ByteScan.word("HTTP/\0.\0") & 0x00ff_00ff_ffff_ffff else { throw .versionMalformed }
        guard ByteScan.isDigit(bytes[start &+ 5]), ByteScan.isDigit(bytes[start &+ 7]) else { throw .versionMalformed }
        throw .versionUnsupported
    }

    private static func skipSpaces(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index < end, bytes[index] == ByteScan.space { index &+= 1 }
        return index
    }
}
