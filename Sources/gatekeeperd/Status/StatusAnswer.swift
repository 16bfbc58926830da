/// A response to a reader of the status page, as a whole: it is the only one of its connection.
struct StatusAnswer: Sendable {
    var status: Int
    var contentType = "text/plain; charset=utf-8"
    /// Beyond those that every answer has.
    var fields: [(name: String, value: String)] = []
    var body: [UInt8]

    init(status: Int, contentType: String, fields: [(name: String, value: String)] = [], body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.fields = fields
        self.body = body
    }

    /// A sentence.
    init(_ status: Int, _ text: String, fields: [(name: String, value: String)] = []) {
        self.status = status
        self.fields = fields
        body = Array((text + "\n").utf8)
    }

    static let missing = StatusAnswer(404, "There is /, /status.json, /metrics, /healthz and /readyz.")
    static let busy = StatusAnswer(503, "Too many readers are connected.")
    static let moved = StatusAnswer(503, "This is served elsewhere from now on, or by other rules; ask again.")
    static let tooSlow = StatusAnswer(408, "No whole request came in time.")
    static let methodNotAllowed = StatusAnswer(405, "Only GET and HEAD are served here.", fields: [("Allow", "GET, HEAD")])

    /// As it is sent. What answers HEAD has the fields of what answers GET, and no body.
    func bytes(toHead isHead: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.phrase(status))\r\n"
        let common = [
            ("Content-Type", contentType), ("Content-Length", "\(body.count)"), ("Connection", "close"), ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        for (name, value) in common + fields { head += "\(name): \(value)\r\n" }
        return Array((head + "\r\n").utf8) + (isHead ? [] : body)
    }

    /// RFC 9110 §15, for what we say.
    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }
}
