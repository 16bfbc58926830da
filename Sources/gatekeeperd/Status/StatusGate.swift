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

    enum Verdict {
        case admitted
        case refused(StatusAnswer)
        /// Somebody tries: no browser shows a wrong token by itself.
        case wrongToken(StatusAnswer)
    }

    func judge(_ head: RequestHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> Verdict {
        guard let token else {
            return Self.namesThisMachine(Self.array(bytes.bytes(head.host))) ? .admitted : .refused(Self.otherName)
        }
        guard let field = fields.first(.authorization) else { return .refused(Self.challenge) }
        guard let shown = Self.secret(in: Self.array(bytes.bytes(field.value))), token.matches(shown) else {
            return .wrongToken(Self.challenge)
        }
        return .admitted
    }

    private static let otherName = StatusAnswer(421, "Without status_token only an address or localhost may stand in Host.")
    private static let challenge = StatusAnswer(
        401, "This needs the status token.",
        fields: [
            ("WWW-Authenticate", "Basic realm=\"Gatekeeper\", charset=\"UTF-8\""), ("WWW-Authenticate", "Bearer realm=\"Gatekeeper\""),
        ])

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
