import Testing

@testable import Gatekeeper

/// The handshake as both peers write it; what is done with it, the end-to-end tests look at.
@Suite struct WebSocketHandshakeTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    @Test("the proof is RFC 6455's")
    func proof() {
        #expect(Self.answers("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        for wrong in ["s3pPLMBiTxaQ9kYGzzhZRbK+xOO=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo", ""] { #expect(!Self.answers(wrong), "\(wrong)") }
    }

    @Test("a key is 16 bytes in base64")
    func keys() {
        #expect(Self.isValid(Self.key))
        for wrong in ["", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub2_jZQ=="] {
            #expect(!Self.isValid(wrong), "\(wrong)")
        }
    }

    @Test("the names of a handshake's fields are found in any case")
    func names() throws {
        let fields =
            "Host: a\r\nconnection: upgrade\r\nUPGRADE: WebSocket\r\nSEC-WEBSOCKET-KEY: \(Self.key)\r\nsec-websocket-version: 13\r\n"
        #expect(try Self.judged(fields) == Self.key)
    }

    @Test("without Upgrade nothing is asked, whatever the other fields say")
    func nothingAsked() throws {
        #expect(try Self.judged("Host: a\r\nSec-WebSocket-Key: \(Self.key)\r\nSec-WebSocket-Version: 13\r\n") == nil)
    }

    private static func answers(_ accept: String) -> Bool {
        let (accept, key) = (Array(accept.utf8), Array(key.utf8))
        return WebSocketKey.answers(accept.span, key.span)
    }

    private static func isValid(_ key: String) -> Bool {
        let key = Array(key.utf8)
        return WebSocketKey.isValid(key.span)
    }

    /// The key of a handshake that is accepted.
    private static func judged(_ fields: String) throws -> String? {
        let bytes = Array("GET / HTTP/1.1\r\n\(fields)\r\n".utf8)
        var table = FieldTable()
        guard case .parsed(let head) = RequestHeadParser.parse(bytes.span, limits: Settings.Limits(), into: &table) else { return nil }
        return try WebSocketHandshake(head, table, bytes.span).map { String(decoding: bytes[$0.key.range], as: UTF8.self) }
    }
}
