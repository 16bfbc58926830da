/// A small ticket API, as the thing that a demonstration protects: create, list, read, attach.
///
/// ```
///   POST /api/tickets                         {"subject":…,"body":…}   201, Location
///   GET  /api/tickets                         200, all of them
///   GET  /api/tickets/{id}                    200
///   POST /api/tickets/{id}/attachments        any bytes                201, Location
///   GET  /api/tickets/{id}/attachments/{n}    200, the bytes
/// ```
///
/// A request in, a response out; connections are `TicketServer`'s business.
struct TicketAPI: Sendable {
    private let store = TicketStore()

    func answer(_ request: TicketRequest) -> TicketResponse {
        let path = request.target.prefix { $0 != "?" }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts.count >= 2, parts[0] == "api", parts[1] == "tickets" else { return .problem(404, "There is nothing at this path.") }
        let number = parts.count > 2 ? Self.number(parts[2]) : nil
        switch (parts.count, number) {
        case (2, _): return tickets(request)
        case (3, let number?): return read(number, request)
        case (4, let number?) where parts[3] == "attachments": return attach(number, request)
        case (5, let number?) where parts[3] == "attachments": return attachment(Self.number(parts[4]) ?? 0, of: number, request)
        default: return .problem(404, "There is nothing at this path.")
        }
    }

    private func tickets(_ request: TicketRequest) -> TicketResponse {
        switch request.method {
        case "GET", "HEAD": return .json(200, .array(store.all.map(Self.describe)))
        case "POST": break
        default: return .methodNotAllowed("GET, HEAD, POST")
        }
        guard let input = JSONReader.read(request.body), let subject = input.string("subject"), !subject.isEmpty else {
            return .problem(400, "The body must be a JSON object with a \"subject\".")
        }
        guard let ticket = store.create(subject: subject, body: input.string("body") ?? "", source: request.source) else {
            return .problem(507, "The demonstration holds no more tickets.")
        }
        return .json(201, Self.describe(ticket), location: "/api/tickets/\(ticket.number)")
    }

    private func read(_ number: Int, _ request: TicketRequest) -> TicketResponse {
        guard let ticket = store.ticket(number) else { return .problem(404, "There is no such ticket.") }
        guard request.isRead else { return .methodNotAllowed("GET, HEAD") }
        return .json(200, Self.describe(ticket))
    }

    private func attach(_ number: Int, _ request: TicketRequest) -> TicketResponse {
        guard request.method == "POST" else { return .methodNotAllowed("POST") }
        let attachment = TicketStore.Attachment(type: request.contentType ?? "application/octet-stream", bytes: request.body)
        switch store.attach(attachment, to: number) {
        case .attached(let index):
            let path = "/api/tickets/\(number)/attachments/\(index)"
            let members = [JSON.Member(name: "url", value: .string(path)), .init(name: "bytes", value: .number("\(request.body.count)"))]
            return .json(201, .object(members), location: path)
        case .noTicket: return .problem(404, "There is no such ticket.")
        case .full: return .problem(507, "The demonstration holds no more bytes.")
        }
    }

    private func attachment(_ index: Int, of number: Int, _ request: TicketRequest) -> TicketResponse {
        guard let ticket = store.ticket(number), ticket.attachments.indices.contains(index - 1) else {
            return .problem(404, "There is no such attachment.")
        }
        guard request.isRead else { return .methodNotAllowed("GET, HEAD") }
        let attachment = ticket.attachments[index - 1]
        return TicketResponse(status: 200, fields: [("Content-Type", attachment.type)], body: attachment.bytes)
    }

    private static func describe(_ ticket: TicketStore.Ticket) -> JSON {
        .object([
            JSON.Member(name: "id", value: .number("\(ticket.number)")),
            JSON.Member(name: "subject", value: .string(ticket.subject)),
            JSON.Member(name: "body", value: .string(ticket.body)),
            JSON.Member(name: "from", value: ticket.source.map(JSON.string) ?? .null),
            JSON.Member(name: "attachments", value: .number("\(ticket.attachments.count)")),
        ])
    }

    /// 1, 2, 3 … without signs and leading zeros: each thing has one path.
    private static func number(_ text: String) -> Int? {
        guard let number = Int(text), number > 0, "\(number)" == text else { return nil }
        return number
    }
}
