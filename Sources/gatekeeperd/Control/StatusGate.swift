internal import Gatekeeper

/// Who may read the status page.
///
/// With a token whoever shows it: as a program does (`Bearer`), or as a browser asks for it (`Basic`, where it is the password of any name).
/// Without one, which takes loopback, every program of this machine; but not a web page that has a name of its own lead to 127.0.0.1 (DNS
/// rebinding): its browser says that name in `Host`, so only addresses and `localhost` are answered.
struct StatusGate: Sendable {
    private let token: StatusToken?

    init(token: StatusToken?) {
        self.token = token
    }

    /// The answer to who may not; nil for who may.
    func refusal(of head: RequestHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> StatusAnswer? {
        guard let token else {
            return Self.namesThisMachine(Self.array(bytes.bytes(head.host)))
                ? nil : StatusAnswer(421, "Without status_token only an address or localhost may stand in Host.")
        }
        if let field = fields.first(.authorization), let shown = Self.secret(in: Self.array(bytes.bytes(field.value))), token.matches(shown)
        {
            return nil
        }
        let challenges = ["Basic realm=\"Gatekeeper\", charset=\"UTF-8\"", "Bearer realm=\"Gatekeeper\""]
        return StatusAnswer(401, "This needs the status token.", fields: challenges.map { ("WWW-Authenticate", $0) })
    }

    /// Of `Authorization` (RFC 9110 §11.4): what claims to be the token.
    private static func secret(in credentials: [UInt8]) -> [UInt8]? {
        guard let space = credentials.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let rest = credentials[space...].drop { $0 == UInt8(ascii: " ") }
        switch String(decoding: credentials[..<space], as: UTF8.self).lowercased() {
        case "bearer": return Array(rest)
        case "basic":
            // RFC 7617: a name may not hold the colon, a password may.
            guard let pair = Base64.decode(rest), let colon = pair.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            return Array(pair[(colon + 1)...])
        default: return nil
        }
    }

    /// An HTTP/1.0 client may leave `Host` out; no browser does.
    private static func namesThisMachine(_ authority: [UInt8]) -> Bool {
        let text = String(decoding: authority, as: UTF8.self)
        if text.isEmpty { return true }
        let host =
            text.hasPrefix("[") ? text.dropFirst().prefix { $0 != "]" } : text.prefix { $0 != ":" }
        return host.lowercased() == "localhost" || (try? PeerAddress(parsing: String(host))) != nil
    }

    private static func array(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }
}
