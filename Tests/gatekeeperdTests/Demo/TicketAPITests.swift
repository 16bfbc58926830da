import Testing

@testable import gatekeeperd

@Suite("TicketAPI")
struct TicketAPITests {
    private let api = TicketAPI()

    private func answer(_ method: String, _ target: String, _ body: String = "", type: String? = nil) -> TicketResponse {
        api.answer(TicketRequest(method: method, target: target, contentType: type, source: "127.0.0.2", body: Array(body.utf8)))
    }

    private func text(_ response: TicketResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test("a ticket is created, listed and read")
    func tickets() {
        let created = answer("POST", "/api/tickets", "{\"subject\":\"Printer \\\"on\\\" fire\",\"body\":\"x\"}")
        #expect(created.status == 201)
        #expect(created.fields.contains { $0.name == "Location" && $0.value == "/api/tickets/1" })
        let ticket = "{\"id\":1,\"subject\":\"Printer \\\"on\\\" fire\",\"body\":\"x\",\"from\":\"127.0.0.2\",\"attachments\":0}"
        #expect(text(created) == ticket + "\n")
        #expect(text(answer("GET", "/api/tickets/1?verbose")) == ticket + "\n")
        #expect(text(answer("GET", "/api/tickets")) == "[" + ticket + "]\n")
    }

    @Test("an attachment comes back byte for byte, with its type")
    func attachments() {
        _ = answer("POST", "/api/tickets", "{\"subject\":\"x\"}")
        let attached = answer("POST", "/api/tickets/1/attachments", "bytes\r\n\0", type: "text/plain")
        #expect(attached.status == 201)
        let read = answer("GET", "/api/tickets/1/attachments/1")
        #expect(text(read) == "bytes\r\n\0")
        #expect(read.fields.first?.value == "text/plain")
    }

    @Test(
        "what isn't there is a problem document",
        arguments: [
            ("GET", "/", 404), ("GET", "/api", 404), ("GET", "/api/ticket", 404), ("GET", "/api/tickets/", 404),
            ("GET", "/api/tickets/1", 404),
            ("GET", "/api/tickets/0", 404), ("GET", "/api/tickets/-1", 404), ("GET", "/api/tickets/01", 404),
            ("GET", "/api/tickets/99999999999999999999", 404),
            ("POST", "/api/tickets/1/attachments", 404), ("GET", "/api/tickets/1/attachments/1", 404), ("GET", "/api/tickets/1/x", 404),
            ("DELETE", "/api/tickets", 405), ("POST", "/api/tickets", 400),
        ])
    func problems(_ method: String, _ target: String, status: Int) {
        let response = answer(method, target)
        #expect(response.status == status)
        #expect(response.fields.first?.value == "application/problem+json")
        #expect(JSONReader.read(response.body) != nil)
    }

    @Test("the store has an end")
    func full() {
        #expect(answer("POST", "/api/tickets", "{\"subject\":\"x\"}").status == 201)
        let piece = String(repeating: "x", count: TicketRequestReader.bodyBytesMax)
        let statuses = (0..<8).map { _ in answer("POST", "/api/tickets/1/attachments", piece).status }
        #expect(statuses == [201, 201, 201, 201, 201, 201, 201, 507])
    }

    @Test("the answer to HEAD is the head of the answer to GET")
    func head() {
        let response = answer("GET", "/api/tickets")
        let whole = response.encoded(toHead: false, closes: false)
        let head = response.encoded(toHead: true, closes: false)
        #expect(whole.starts(with: head))
        #expect(String(decoding: head, as: UTF8.self) == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: application/json\r\n\r\n")
    }
}
