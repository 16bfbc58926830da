import Testing

@testable import Gatekeeper

@Suite("What may follow on an upstream connection")
struct KeepRuleTests {
    private func head(_ method: String, _ fields: String) throws -> RequestHead {
        let bytes = Array("\(method) / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        var table = FieldTable()
        guard case .parsed(let head) = RequestHeadParser.parse(bytes.span, limits: .init(), into: &table) else {
            throw Unparsed(head: "\(method) \(fields)")
        }
        return head
    }

    private struct Unparsed: Error {
        let head: String
    }

    static let bodies = ["", "Content-Length: 0\r\n", "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n"]
    static let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"]

    @Test("a request with a body says that nothing follows, and nothing does", arguments: methods, bodies)
    func table(method: String, body: String) throws {
        let head = try head(method, body)
        let hasBody = !body.isEmpty && body != "Content-Length: 0\r\n"
        let isDefined = ["POST", "PUT", "PATCH"].contains(method)
        for reuses in [false, true] {
            let rule = KeepRule(head, reusesAfterBody: reuses)
            #expect(rule.announcesClose == (hasBody && !(reuses && isDefined)))
            #expect(rule.mayKeep == (method != "HEAD" && !rule.announcesClose))
            let exclusive = KeepRule(head, reusesAfterBody: reuses, isExclusive: true)
            #expect(!exclusive.announcesClose)
            #expect(exclusive.mayKeep == (method != "HEAD"))
        }
    }
}
