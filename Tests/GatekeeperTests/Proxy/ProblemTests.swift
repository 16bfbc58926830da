import Foundation
import Testing

@testable import Gatekeeper

struct ProblemTests {
    static let all: [Problem] =
        [.badGateway, .unreachable, .timedOut, .requestTimeout, Problem(retryAfterSeconds: 60)] + Refusal.allCases.map { Problem($0) }
        + PolicyRefusal.allCases.map { Problem($0) }

    private let identifier: ExchangeIdentifier

    init() {
        var source = ExchangeIdentifierSource(seed: 7)
        identifier = source.next()
    }

    @Test("every answer of ours is a whole message whose body is a problem document", arguments: all.indices)
    func document(index: Int) throws {
        let problem = Self.all[index]
        let answer = try Answer(problem, identifier, to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", persists: true)
        #expect(answer.fields["content-type"] == "application/problem+json")
        #expect(answer.fields["content-length"] == String(answer.body.count))
        #expect(answer.fields["cache-control"] == "no-store")
        let document = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
        #expect(Set(document.keys) == ["type", "title", "status", "detail", "instance"])
        #expect(document["type"] as? String == "about:blank")
        #expect(document["status"] as? Int == Int(problem.status))
        #expect(document["detail"] as? String == "\(problem.detail)")
        let title = try #require(document["title"] as? String)
        #expect(answer.statusLine == "HTTP/1.1 \(problem.status) \(title)")
        #expect(title != "Error", "a status without a reason phrase of its own")
        let text = try #require(answer.fields["x-request-id"])
        #expect(document["instance"] as? String == "urn:gatekeeper:\(text)")
        #expect(text.count == 32)
        #expect(400..<600 ~= problem.status)
    }

    @Test("an answer says what becomes of the connection, as the client's version needs it", arguments: [false, true], [false, true])
    func connection(isOld: Bool, persists: Bool) throws {
        let request = "GET / HTTP/1.\(isOld ? 0 : 1)\r\nHost: a\r\n\r\n"
        let answer = try Answer(.badGateway, identifier, to: request, persists: persists)
        #expect(answer.fields["connection"] == (persists ? (isOld ? "keep-alive" : nil) : "close"))
    }

    @Test("only an answer that another try would change says when")
    func retryAfter() throws {
        let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let limited = try Answer(Problem(retryAfterSeconds: 20), identifier, to: request, persists: true)
        #expect(limited.statusLine == "HTTP/1.1 429 Too Many Requests")
        #expect(limited.fields["retry-after"] == "20")
        #expect(try Answer(Problem(.route), identifier, to: request, persists: false).fields["retry-after"] == nil)
    }

    @Test("the answer to HEAD has the length of a body and no body")
    func head() throws {
        let full = try Answer(.unreachable, identifier, to: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", persists: true)
        let head = try Answer(.unreachable, identifier, to: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", persists: true)
        #expect(head.body.isEmpty)
        #expect(head.fields == full.fields)
    }

    @Test("a request that couldn't be read is answered with a body and a close")
    func unreadable() throws {
        let answer = try Answer(Problem(.bareLF), identifier, to: nil, persists: false)
        #expect(answer.fields["connection"] == "close")
        #expect(!answer.body.isEmpty)
    }

    @Test("nothing that we say tells who stands behind us")
    func silence() throws {
        for problem in Self.all {
            let text = "\(problem.detail)".lowercased().replacing("websocket", with: "")
            for word in ["gatekeeper", "swift", "127.", "localhost", "socket", "errno"] { #expect(!text.contains(word), "\(text)") }
        }
    }

    /// An answer taken apart by the plainest rules.
    private struct Answer {
        let statusLine: String
        /// Names in lower case.
        let fields: [String: String]
        let body: [UInt8]

        init(_ problem: Problem, _ identifier: ExchangeIdentifier, to request: String?, persists: Bool) throws {
            var head: RequestHead?
            if let request {
                let bytes = Array(request.utf8)
                var table = FieldTable()
                guard case .parsed(let parsed) = RequestHeadParser.parse(bytes.span, limits: .init(), into: &table) else {
                    throw CocoaError(.formatting)
                }
                head = parsed
            }
            let buffer = Buffer(capacity: 4096)
            problem.write(identifier: identifier, to: head, persists: persists, into: buffer)
            #expect(!buffer.overflowed)
            let span = buffer.readable
            let bytes = span.indices.map { span[$0] }
            let text = String(decoding: bytes, as: UTF8.self)
            let end = try #require(text.range(of: "\r\n\r\n"))
            var lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
            statusLine = lines.removeFirst()
            body = Array(text[end.upperBound...].utf8)
            var fields: [String: String] = [:]
            for line in lines {
                let colon = try #require(line.range(of: ": "))
                let name = line[..<colon.lowerBound].lowercased()
                #expect(fields[name] == nil)
                fields[name] = String(line[colon.upperBound...])
            }
            self.fields = fields
        }
    }
}
