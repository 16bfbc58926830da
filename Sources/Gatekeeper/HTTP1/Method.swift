/// A request method (RFC 9110 §9), as far as our code treats one differently from another.
///
/// Methods are case-sensitive: `get` is not `GET`, and the parser refuses lower case rather than let an application fold it.
package enum Method: UInt8, Sendable, CaseIterable {
    /// Any other token in upper case; its bytes are at `RequestHead.methodRange`.
    case other
    case get, head, post, put, patch, delete, options, connect, trace

    /// A second time does what once did (RFC 9110 §9.2.2): the only methods that may be sent again after a failure in between.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }

    /// A request without a body still says so (`Content-Length: 0`), because a body is what these methods are for (RFC 9110 §8.6).
    var expectsBody: Bool {
        switch self {
        case .post, .put, .patch: true
        case .get, .head, .delete, .options, .connect, .trace, .other: false
        }
    }

    /// A body has no meaning in these methods (RFC 9110 §9.3): many servers leave one unread.
    var knowsNoBody: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .patch, .delete, .connect, .other: false
        }
    }

    /// The method of `count` bytes, given as the little-endian word of its first eight.
    @inline(always)
    init(word: UInt64, count: Int) {
        switch count {
        case 3: self = word == ByteScan.word("GET") ? .get : word == ByteScan.word("PUT") ? .put : .other
        case 4: self = word == ByteScan.word("POST") ? .post : word == ByteScan.word("HEAD") ? .head : .other
        case 5: self = word == ByteScan.word("PATCH") ? .patch : word == ByteScan.word("TRACE") ? .trace : .other
        case 6: self = word == ByteScan.word("DELETE") ? .delete : .other
        case 7: self = word == ByteScan.word("OPTIONS") ? .options : word == ByteScan.word("CONNECT") ? .connect : .other
        default: self = .other
        }
    }
}
