/// Parses the head of an upstream's response by the same rules as a request's: what an upstream sends is forwarded to clients, and a
/// response that reads two ways splits there.
///
/// A refusal here is a 502, and the upstream connection is never used again.
package struct ResponseHeadParser: HeadParser {
    private enum Stage {
        case statusLine
        case fields(ResponseHead)
    }

    /// The upstream is ours and may say more than a client: a head of 32 KiB, which still fits a buffer with what we add.
    static let limits: Settings.Limits = {
        var limits = Settings.Limits()
        limits.headBytesMax = 32 << 10
        limits.fieldsMax = 200
        return limits
    }()
    /// 1xx responses that an upstream may send before its final one.
    static let interimResponsesMax = 16

    private let method: Method
    private var lines = LineScanner()
    private var stage = Stage.statusLine

    /// - Parameter method: of the request that it answers.
    package init(forRequest method: Method) {
        self.method = method
    }

    /// Parses a head that may be complete; starts from the beginning at every call.
    package static func parse(
        _ bytes: Span<UInt8>, forRequest method: Method, limits: Settings.Limits, into fields: inout FieldTable
    ) -> ParseResult<ResponseHead> {
        fields.removeAll()
        var parser = ResponseHeadParser(forRequest: method)
        return parser.resume(bytes, limits: limits, into: &fields)
    }

    package mutating func resume(
        _ bytes: Span<UInt8>, limits: Settings.Limits, into fields: inout FieldTable
    ) -> ParseResult<ResponseHead> {
        do throws(Refusal) {
            guard let head = try advance(bytes, limits: limits, into: &fields) else { return .needsMore }
            return .parsed(head)
        } catch {
            return .refused(error)
        }
    }

    private mutating func advance(
        _ bytes: Span<UInt8>, limits: Settings.Limits, into fields: inout FieldTable
    ) throws(Refusal) -> ResponseHead? {
        var head: ResponseHead
        switch stage {
        case .statusLine:
            let line = try lines.next(
                in: bytes, bytesMax: limits.headBytesMax, tooLong: .headTooLarge, leadingBlank: .statusLine)
            guard let line else { return nil }
            head = try Self.statusLine(bytes, line)
        case .fields(let partial):
            head = partial
        }
        guard try lines.takeFields(bytes, limits: limits, into: &fields, check: { _, _ in }) else {
            stage = .fields(head)
            return nil
        }
        head.byteCount = lines.lineStart
        try conclude(&head, bytes, fields: &fields)
        return head
    }

    /// `version SP status [SP reason]` (RFC 9112 §4). The space before an empty reason is often left out; nothing else may be.
    private static func statusLine(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(Refusal) -> ResponseHead {
        let start = line.lowerBound
        let end = line.upperBound
        guard end &- start >= 12, let word = ByteScan.load(bytes, at: start) else { throw .statusLine }
        let version: HTTPVersion
        if word == ByteScan.word("HTTP/1.1") {
            version = .http11
        } else if word == ByteScan.word("HTTP/1.0") {
            version = .http10
        } else {
            throw .statusLine
        }
        guard bytes[start &+ 8] == ByteScan.space else { throw .statusLine }
        var status: UInt16 = 0
        for index in start &+ 9..<start &+ 12 {
            guard ByteScan.isDigit(bytes[index]) else { throw .statusLine }
            status = status &* 10 &+ UInt16(bytes[index] &- UInt8(ascii: "0"))
        }
        guard end == start &+ 12 || bytes[start &+ 12] == ByteScan.space else { throw .statusLine }
        guard status >= 100, status < 600 else { throw .statusCode }
        let reasonStart = min(start &+ 13, end)
        return ResponseHead(version: version, status: status, reason: ByteRange(start: reasonStart, count: end &- reasonStart))
    }

    private func conclude(
        _ head: inout ResponseHead, _ bytes: Span<UInt8>, fields: inout FieldTable
    ) throws(Refusal) {
        head.framing = try BodyFraming.ofResponse(fields, bytes, version: head.version, status: head.status, method: method)
        let connection = try ConnectionOptions(fields, bytes)
        head.isPersistent = !connection.contains(.close) && (head.version == .http11 || connection.contains(.keepAlive))
        if head.framing == .untilClose || announcesImpossibleBody(head, fields, bytes) { head.isPersistent = false }
        if connection.contains(.others) { try HopByHop.nominate(&fields, bytes, isRequest: false) }
        // HTTP/1.0 has no other protocol to go to (RFC 9110 §7.8).
        guard head.version == .http11, connection.contains(.upgrade), let field = fields.first(.upgrade) else { return }
        if !fields.isRepeated(.upgrade), !field.value.isEmpty { head.upgradesTo = field.value }
    }

    /// A 1xx or 204 with a length or a coding, a 304 with a coding: it can't have a body, but this upstream may send one all the same.
    private func announcesImpossibleBody(_ head: ResponseHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> Bool {
        if head.status == 304 { return fields.contains(.transferEncoding) }
        guard head.status < 200 || head.status == 204 else { return false }
        if fields.contains(.transferEncoding) { return true }
        guard let length = fields.first(.contentLength) else { return false }
        return length.value.count != 1 || bytes[Int(length.value.start)] != UInt8(ascii: "0")
    }
}
