/// The opening handshake of a WebSocket (RFC 6455 §4), judged on both sides before anything is let through unread.
///
/// Behind a 101 bytes flow that nobody here understands. So it must be certain that both peers have left HTTP: a client that only claims
/// to upgrade, in front of an upstream that only ignores it, would be free to send requests past every rule.
struct WebSocketHandshake {
    /// The client's `Sec-WebSocket-Key`, in what its head was parsed from.
    let key: ByteRange

    /// What a client asks for; nil when it asks for no WebSocket. Any other `Upgrade` is an offer that a server may pass over (RFC 9110 §7.8):
    /// it is taken off, and the request is served as it stands.
    init?(_ head: RequestHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>) throws(PolicyRefusal) {
        guard let protocols = head.upgradesTo, FoldedText(bytes, protocols).equals("websocke", "t") else { return nil }
        guard head.method == .get, head.framing == .none,
            let version = Self.only(fields, bytes, isNamed: { $0.equals("sec-webs", "ocket-ve", "rsion") }),
            FoldedText(bytes, version).equals("13"),
            let key = Self.only(fields, bytes, isNamed: { $0.equals("sec-webs", "ocket-ke", "y") }),
            WebSocketKey.isValid(bytes.bytes(key))
        else { throw .webSocketHandshake }
        self.key = key
    }

    /// Whether a 101 is the answer to a client's `key` (RFC 6455 §4.1).
    static func isAnswered(
        by head: ResponseHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, key: Span<UInt8>
    ) -> Bool {
        guard let protocols = head.upgradesTo, FoldedText(bytes, protocols).equals("websocke", "t"),
            let accept = Self.only(fields, bytes, isNamed: { $0.equals("sec-webs", "ocket-ac", "cept") })
        else { return false }
        return WebSocketKey.answers(bytes.bytes(accept), key)
    }

    /// The value of the one field of this name; nil when there is none, or more than one.
    private static func only(
        _ fields: borrowing FieldTable, _ bytes: Span<UInt8>, isNamed: (FoldedText) -> Bool
    ) -> ByteRange? {
        var found: ByteRange?
        for index in 0..<fields.count where fields.entries[index].known == .webSocket {
            let field = fields.entries[index]
            guard isNamed(FoldedText(bytes, field.name)) else { continue }
            guard found == nil, !field.isNominated else { return nil }
            found = field.value
        }
        return found
    }
}
