import Testing

@testable import Gatekeeper

struct ConnectionIdentityTests {
    @Test(
        "a login that belongs to a connection is known by its scheme",
        arguments: [
            ("NTLM TlRMTVNTUAABAAAA", true), ("Negotiate YII=", true), ("negotiate", true), ("Kerberos a", true),
            ("Basic ZGVtbzpkZW1v", false),
            ("Bearer ntlm", false), ("", false), ("NTL", false), ("token Negotiate", false),
        ])
    func brought(value: String, isIdentity: Bool) throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: \(value)\r\n\r\n".utf8)
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(bytes.span, limits: Settings.Limits(), into: &fields) else {
            Issue.record("not parsed")
            return
        }
        #expect(ConnectionIdentity.isBrought(by: fields, bytes.span) == isIdentity)
    }

    @Test(
        "a 401 that offers one is known wherever in the list it does, and another status offers nothing",
        arguments: [
            ("401", "WWW-Authenticate: NTLM", true), ("401", "WWW-Authenticate: Negotiate oRQw", true),
            ("401", "WWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: Negotiate", true),
            ("401", "WWW-Authenticate: Basic realm=\"a, b\", NTLM", true), ("401", "WWW-Authenticate: Digest nonce=\"a\",Negotiate", true),
            ("401", "WWW-Authenticate: Basic realm=\"tickets\"", false), ("401", "X-Authenticate: NTLM", false),
            ("200", "WWW-Authenticate: NTLM", false), ("401", "WWW-Authenticate: ", false),
        ])
    func asked(status: String, field: String, isIdentity: Bool) throws {
        let bytes = Array("HTTP/1.1 \(status) OK\r\n\(field)\r\nContent-Length: 0\r\n\r\n".utf8)
        var fields = FieldTable()
        guard
            case .parsed(let head) = ResponseHeadParser.parse(
                bytes.span, forRequest: .get, limits: ResponseHeadParser.limits, into: &fields)
        else {
            Issue.record("not parsed")
            return
        }
        #expect(ConnectionIdentity.isAsked(by: head, fields, bytes.span) == isIdentity)
    }
}
