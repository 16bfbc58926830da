import Testing

@testable import gatekeeperd

@Suite("TicketRequestReader")
struct TicketRequestReaderTests {
    private static let chunked =
        "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Forwarded-For: 127.0.0.3\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: x\r\n\r\n"
    private static let two = "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Type:  text/plain \r\n\r\nbody" + chunked

    private func outcomes(_ pieces: [[UInt8]]) -> [TicketRequestReader.Outcome] {
        var reader = TicketRequestReader()
        var outcomes: [TicketRequestReader.Outcome] = []
        for piece in pieces {
            reader.feed(piece)
            while true {
                let outcome = reader.next()
                if case .needsMore = outcome { break }
                outcomes.append(outcome)
                if case .refused = outcome { return outcomes }
            }
        }
        return outcomes
    }

    @Test("two requests arrive whole, however their bytes are torn")
    func torn() {
        let bytes = Array(Self.two.utf8)
        let whole = outcomes([bytes])
        #expect(
            whole == [
                .request(TicketRequest(method: "POST", target: "/a?b", contentType: "text/plain", body: Array("body".utf8))),
                .request(TicketRequest(method: "POST", target: "/b", source: "127.0.0.3", body: Array("hello!".utf8))),
            ])
        for index in bytes.indices { #expect(outcomes([Array(bytes[..<index]), Array(bytes[index...])]) == whole) }
        #expect(outcomes(bytes.map { [$0] }) == whole)
    }

    @Test("a peer that waits for a word gets one")
    func expectation() {
        let head = Array("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n".utf8)
        #expect(outcomes([head, [0x78]]) == [.expectsContinue, .request(TicketRequest(method: "POST", target: "/a", body: [0x78]))])
        #expect(outcomes([head + [0x78]]).count == 1)
    }

    @Test(
        "what isn't understood is refused",
        arguments: [
            ("\r\n\r\n", 400), ("GET / HTTP/2\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), ("GET http://x/ HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nx\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n", 413),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\n", 400),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", 413),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz", 400),
        ])
    func refused(_ text: String, status: Int) throws {
        guard case .refused(status, _)? = outcomes([Array(text.utf8)]).last else {
            throw Accepted(text: text)
        }
    }

    @Test("a head without an end is refused")
    func longHead() {
        let refusal = TicketRequestReader.Outcome.refused(status: 431, detail: "The head is too long.")
        #expect(outcomes([Array(("GET /" + String(repeating: "x", count: 40_000)).utf8)]) == [refusal])
    }

    private struct Accepted: Error {
        var text: String
    }
}
