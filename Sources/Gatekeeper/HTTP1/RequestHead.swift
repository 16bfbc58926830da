/// The head of a request, taken apart: what is asked of whom, and where the body ends.
///
/// Every `ByteRange` counts from the first of the bytes that the parser was given. The fields are in the `FieldTable` it filled.
package struct RequestHead: Sendable, Equatable {
    package var method: Method
    package var methodRange: ByteRange
    /// As it came.
    package var target: ByteRange
    package var targetForm: TargetForm
    /// From the first `/` to the `?` or the end; empty for `*` and for an absolute target without one.
    package var path: ByteRange
    /// Behind the `?`; empty also when there is none.
    package var query: ByteRange
    /// The authority that the request is for: `Host`, which an absolute target repeats. Empty only in HTTP/1.0 without `Host`.
    package var host: ByteRange = .empty
    package var version: HTTPVersion
    /// Everything through the empty line; the body begins here.
    package var byteCount = 0
    package var framing: BodyFraming = .none
    /// The client wants the connection kept: HTTP/1.1 without `close`, HTTP/1.0 with `keep-alive` (RFC 9112 §9.3).
    package var isPersistent = false
    /// `Expect: 100-continue` from a client that knows it, before a body that isn't empty.
    package var expectsContinue = false
    /// The protocols in `Upgrade`, where `Connection` asks for it and the version knows it.
    package var upgradesTo: ByteRange?

    /// Bytes follow the head: also an empty body in chunks, whose last chunk somebody has to read.
    package var hasBody: Bool {
        switch framing {
        case .none, .length(0), .untilClose: false
        case .length, .chunked: true
        }
    }

    package var wantsUpgrade: Bool { upgradesTo != nil }

    /// The target in origin form: path and query. May be empty, or begin with `?`, for an absolute target (`/` goes before it then).
    package var originForm: ByteRange {
        ByteRange(start: Int(path.start), count: target.range.upperBound - Int(path.start))
    }
}
