/// What the ticket API is asked.
struct TicketRequest: Equatable, Sendable {
    var method: String
    var target: String
    var contentType: String?
    /// The address in `X-Forwarded-For`: the gate in front sets it, and nobody else reaches this API.
    var source: String?
    var body: [UInt8] = []
    /// The connection stays for another request.
    var isKeepAlive = true

    var isRead: Bool { method == "GET" || method == "HEAD" }
}
