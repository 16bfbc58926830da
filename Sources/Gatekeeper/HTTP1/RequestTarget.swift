/// The middle of the request line, by its form (RFC 9112 §3.2).
///
/// ```
///   GET /path?query               origin     every method
///   GET http://host/path?query    absolute   every method
///   OPTIONS *                     asterisk   OPTIONS
///   CONNECT host:port             authority  CONNECT, refused before it comes to this
/// ```
struct RequestTarget {
    var form: TargetForm
    var path: ByteRange
    var query: ByteRange = .empty
    /// Of an absolute target.
    var authority: ByteRange = .empty
    /// The offset behind the target: a space or the end of the line.
    var end: Int

    /// `start` is inside the line and not a space.
    static func parse(_ bytes: Span<UInt8>, from start: Int, to end: Int, method: Method) throws(Refusal) -> RequestTarget {
        switch bytes[start] {
        case UInt8(ascii: "/"):
            return try pathAndQuery(bytes, from: start, to: end, form: .origin, authority: .empty)
        case UInt8(ascii: "*"):
            guard start &+ 1 == end || bytes[start &+ 1] == ByteScan.space else { throw .targetForm }
            guard method == .options else { throw .targetAsterisk }
            return RequestTarget(form: .asterisk, path: ByteRange(start: start &+ 1, count: 0), end: start &+ 1)
        default:
            return try absolute(bytes, from: start, to: end)
        }
    }

    private static func absolute(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(Refusal) -> RequestTarget {
        let authorityStart: Int
        if end &- start > 7, FoldedText(bytes, start, 7).equals("http://") {
            authorityStart = start &+ 7
        } else if end &- start > 8, FoldedText(bytes, start, 8).equals("https://") {
            authorityStart = start &+ 8
        } else {
            throw bytes[start] < 0x80 ? .targetForm : .targetCharacter
        }
        var authorityEnd = authorityStart
        scan: while authorityEnd < end {
            switch bytes[authorityEnd] {
            case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), ByteScan.space: break scan
            case UInt8(ascii: "@"): throw .targetUserinfo
            default: authorityEnd &+= 1
            }
        }
        let authority = Authority.withoutEmptyPort(ByteRange(authorityStart..<authorityEnd), in: bytes)
        guard Authority.isValid(bytes.bytes(authority)) else { throw .targetAuthority }
        return try pathAndQuery(
            bytes, from: authorityEnd, to: end, form: .absolute, authority: authority)
    }

    private static func pathAndQuery(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, form: TargetForm, authority: ByteRange
    ) throws(Refusal) -> RequestTarget {
        var index = ByteClass.path.end(in: bytes, from: start, to: end)
        var target = RequestTarget(
            form: form, path: ByteRange(start: start, count: index &- start), authority: authority, end: index)
        if index < end, bytes[index] == UInt8(ascii: "?") {
            let queryStart = index &+ 1
            index = ByteClass.query.end(in: bytes, from: queryStart, to: end)
            target.query = ByteRange(start: queryStart, count: index &- queryStart)
            target.end = index
        }
        guard index < end, bytes[index] != ByteScan.space else { return target }
        throw bytes[index] == UInt8(ascii: "#") ? .targetFragment : .targetCharacter
    }
}
