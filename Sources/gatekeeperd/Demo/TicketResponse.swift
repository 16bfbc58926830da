/// What the ticket API answers.
struct TicketResponse: Sendable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    static func json(_ status: Int, _ value: JSON, location: String? = nil) -> TicketResponse {
        let fields = [("Content-Type", "application/json")] + (location.map { [("Location", $0)] } ?? [])
        return TicketResponse(status: status, fields: fields, body: Array((value.text + "\n").utf8))
    }

    /// RFC 9457.
    static func problem(_ status: Int, _ detail: String) -> TicketResponse {
        let value = JSON.object([
            JSON.Member(name: "type", value: .string("about:blank")),
            JSON.Member(name: "title", value: .string(title(status))),
            JSON.Member(name: "status", value: .number("\(status)")),
            JSON.Member(name: "detail", value: .string(detail)),
        ])
        return TicketResponse(status: status, fields: [("Content-Type", "application/problem+json")], body: Array((value.text + "\n").utf8))
    }

    static func methodNotAllowed(_ allowed: String) -> TicketResponse {
        var response = problem(405, "This resource knows \(allowed).")
        response.fields.append(("Allow", allowed))
        return response
    }

    /// As HTTP/1.1 bytes; the answer to HEAD is that to GET less the body.
    func encoded(toHead isHead: Bool, closes: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(status) \(Self.title(status))\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        if closes { head += "Connection: close\r\n" }
        return Array((head + "\r\n").utf8) + (isHead ? [] : body)
    }

    private static func title(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 413: "Content Too Large"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 507: "Insufficient Storage"
        default: "Status"
        }
    }
}
