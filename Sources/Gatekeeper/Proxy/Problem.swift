/// An answer of our own: `application/problem+json` (RFC 9457), because vendors' clients fail on anything that isn't JSON.
///
/// Says what was wrong with the request, never what the upstream is called.
struct Problem {
    let status: UInt16
    let detail: StaticString
    /// When the same request may be made again (`Retry-After`, RFC 9110 §10.2.3); nil if that would change nothing, or nobody knows.
    private(set) var retryAfterSeconds: UInt64?

    static let badGateway = Problem(status: 502, detail: "The ticket system's answer could not be used.")
    static let unreachable = Problem(status: 502, detail: "The ticket system could not be reached.")
    static let timedOut = Problem(status: 504, detail: "The ticket system did not answer in time.")
    static let unavailable = Problem(status: 503, detail: "The request can't be taken at the moment.")
    static let requestTimeout = Problem(status: 408, detail: "The request was not received in time.")

    init(status: UInt16, detail: StaticString) {
        self.status = status
        self.detail = detail
    }

    init(_ refusal: Refusal) {
        self.init(status: refusal.status, detail: refusal.detail)
    }

    init(_ refusal: PolicyRefusal) {
        self.init(status: refusal.status, detail: refusal.detail)
    }

    /// More requests than a source may make.
    init(retryAfterSeconds: UInt64) {
        self.init(.requestsPerSource)
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// Writes head and body; a HEAD request gets the head alone.
    ///
    /// - Parameter date: the value of `Date`.
    func write(
        identifier: ExchangeIdentifier, to request: RequestHead?, persists: Bool, date: Span<UInt8> = Span(), into buffer: Buffer
    ) {
        let body = self.body(identifier)
        buffer.append("HTTP/1.1 ")
        buffer.append(decimal: UInt64(status))
        buffer.append(" ")
        buffer.append(Self.title(status))
        buffer.append("\r\n")
        if !date.isEmpty { HeadWriter.writeDate(date, into: buffer) }
        buffer.append("Content-Type: application/problem+json\r\nContent-Length: ")
        buffer.append(decimal: UInt64(body.count))
        buffer.append("\r\nCache-Control: no-store\r\nX-Request-Id: ")
        buffer.append(identifier.bytes)
        if let retryAfterSeconds {
            buffer.append("\r\nRetry-After: ")
            buffer.append(decimal: retryAfterSeconds)
        }
        if !persists {
            buffer.append("\r\nConnection: close")
        } else if request?.version == .http10 {
            buffer.append("\r\nConnection: keep-alive")
        }
        buffer.append("\r\n\r\n")
        if request?.method != .head { buffer.append(body.bytes) }
    }

    /// Our words and the identifier hold nothing that JSON would have to escape.
    private func body(_ identifier: ExchangeIdentifier) -> Buffer {
        let body = Buffer(capacity: 1024)
        body.append(#"{"type":"about:blank","title":""#)
        body.append(Self.title(status))
        body.append(#"","status":"#)
        body.append(decimal: UInt64(status))
        body.append(#","detail":""#)
        body.append(detail)
        body.append(#"","instance":"urn:gatekeeper:"#)
        body.append(identifier.bytes)
        body.append("\"}\n")
        return body
    }

    /// Reason phrases of RFC 9110 §15 for what we answer.
    private static func title(_ status: UInt16) -> StaticString {
        switch status {
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 508: "Loop Detected"
        default: "Error"
        }
    }
}
