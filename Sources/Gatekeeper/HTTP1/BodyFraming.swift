/// Where a body ends: the one question a proxy must never get wrong.
///
/// Decided here and nowhere else (RFC 9112 §6.3). Anything two parsers could read differently is refused, not repaired: that difference
/// is how one request becomes two.
package enum BodyFraming: Equatable, Sendable {
    /// The message ends with its head.
    case none
    /// Exactly this many bytes follow.
    case length(UInt64)
    /// Chunks, a last chunk and a trailer section follow.
    case chunked
    /// Everything until the connection ends; responses only.
    case untilClose

    /// How the body of a request is delimited. Without either field there is none: a request can't end with its connection.
    static func ofRequest(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>, version: HTTPVersion) throws(Refusal) -> BodyFraming {
        if fields.contains(.transferEncoding) {
            try checkTransferEncoding(fields, bytes, version: version)
            return .chunked
        }
        guard let length = try contentLength(fields, bytes) else { return .none }
        return .length(length)
    }

    /// How the body of a response is delimited. The fields are judged even where no body follows, because they are evidence of an upstream
    /// that frames badly, and `Content-Length` is passed on in answers to `HEAD` and in 304.
    static func ofResponse(
        _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, version: HTTPVersion, status: UInt16, method: Method
    ) throws(Refusal) -> BodyFraming {
        let isChunked = fields.contains(.transferEncoding)
        if isChunked { try checkTransferEncoding(fields, bytes, version: version) }
        let length = try contentLength(fields, bytes)
        if method == .head || status < 200 || status == 204 || status == 304 { return .none }
        if isChunked { return .chunked }
        return length.map(BodyFraming.length) ?? .untilClose
    }

    /// Accepts one `Transfer-Encoding` with the one value `chunked`, and nothing that only resembles it.
    ///
    /// `TE.TE` hides a coding from one of two parsers by its spelling (`xchunked`, `chunked\t`, two fields, a list); `CL.TE` and `TE.CL`
    /// send both fields (RFC 9112 §6.1, §11.2).
    private static func checkTransferEncoding(
        _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, version: HTTPVersion
    ) throws(Refusal) {
        guard version == .http11 else { throw .transferEncodingInHTTP10 }
        guard !fields.contains(.contentLength) else { throw .contentLengthWithTransferEncoding }
        guard !fields.isRepeated(.transferEncoding) else { throw .transferEncodingRepeated }
        guard let field = fields.first(.transferEncoding) else { return }
        guard FoldedText(bytes, field.value).equals("chunked") else {
            throw endsWithChunked(bytes.bytes(field.value)) ? .transferCodingUnknown : .transferEncoding
        }
        guard hasOnlySpacesBefore(field, bytes), bytes[field.value.range.upperBound] == ByteScan.cr else { throw .transferEncoding }
    }

    /// Blanks around a value are no part of it, but a tab before `chunked`, or anything after it, is a spelling that some parser misses.
    private static func hasOnlySpacesBefore(_ field: FieldTable.Entry, _ bytes: Span<UInt8>) -> Bool {
        for index in field.name.range.upperBound &+ 1..<Int(field.value.start) where bytes[index] != ByteScan.space { return false }
        return true
    }

    /// Whether the value is a list of well-formed codings whose last, and only its last, is `chunked`: framing is clear then, but the other
    /// codings are beyond us (501); everything else is unclear (400).
    private static func endsWithChunked(_ value: Span<UInt8>) -> Bool {
        var list = TokenList()
        var codings = 0
        var lastIsChunked = false
        while true {
            switch list.next(in: value) {
            case .malformed: return false
            case .end: return lastIsChunked && codings > 1
            case .token(let token):
                if lastIsChunked { return false }
                codings &+= 1
                lastIsChunked = FoldedText(value, token).equals("chunked")
            }
        }
    }

    /// The one `Content-Length`, as one run of digits (RFC 9110 §8.6). The list form `5, 5` that a recipient may collapse is refused too.
    private static func contentLength(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) throws(Refusal) -> UInt64? {
        guard let field = fields.first(.contentLength) else { return nil }
        guard !fields.isRepeated(.contentLength) else { throw .contentLengthRepeated }
        let digits = bytes.bytes(field.value)
        guard digits.count > 0 else { throw .contentLengthMalformed }
        var value: UInt64 = 0
        for index in digits.indices {
            guard ByteScan.isDigit(digits[index]) else { throw .contentLengthMalformed }
            guard index < 19 else { throw .contentLengthOverflow }
            value = value &* 10 &+ UInt64(digits[index] &- UInt8(ascii: "0"))
        }
        // Beyond 2⁶³ somebody's signed number is negative.
        guard value <= UInt64(Int64.max) else { throw .contentLengthOverflow }
        return value
    }
}
