/// `Location: http://<our own authority>/…` becomes `https`: an application behind us that builds links from `Host` alone doesn't know
/// about TLS (Roundup redirects so). Nothing else in a response is rewritten.
enum LocationRewrite {
    /// What follows `https://` in the rewritten value: the authority and the rest; nil where the field stays as it is.
    ///
    /// The authority must be exactly what the client sent as `Host`: another host, port or spelling is the application's intention.
    static func rest(of fields: borrowing FieldTable, _ source: Span<UInt8>, ownAuthority: Span<UInt8>) -> ByteRange? {
        guard !ownAuthority.isEmpty, let field = fields.first(.location), !fields.isRepeated(.location) else { return nil }
        let value = field.value
        let rest = ByteRange(start: Int(value.start) &+ 7, count: Int(value.count) &- 7)
        guard value.count >= 7 &+ ownAuthority.count, FoldedText(source, Int(value.start), 7).equals("http://") else { return nil }
        let bytes = source.bytes(rest)
        for index in ownAuthority.indices where bytes[index] != ownAuthority[index] { return nil }
        guard bytes.count > ownAuthority.count else { return rest }
        switch bytes[ownAuthority.count] {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): return rest
        default: return nil
        }
    }
}
