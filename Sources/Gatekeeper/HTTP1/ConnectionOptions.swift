/// What `Connection` asks for (RFC 9110 §7.6.1), all of its fields together.
struct ConnectionOptions: OptionSet {
    let rawValue: UInt8

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    static var close: ConnectionOptions { .init(rawValue: 1) }
    static var keepAlive: ConnectionOptions { .init(rawValue: 2) }
    static var upgrade: ConnectionOptions { .init(rawValue: 4) }
    /// Names of fields that we don't drop anyway.
    static var others: ConnectionOptions { .init(rawValue: 8) }

    /// More than anybody needs; each that names a field is compared with each field.
    static var countMax: Int { 32 }

    init(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) throws(Refusal) {
        self = []
        guard fields.contains(.connection) else { return }
        var count = 0
        for index in 0..<fields.count where fields.entries[index].known == .connection {
            let value = bytes.bytes(fields.entries[index].value)
            var list = TokenList()
            list: while true {
                switch list.next(in: value) {
                case .end: break list
                case .malformed: throw .connectionMalformed
                case .token(let token):
                    count &+= 1
                    if count > Self.countMax { throw .connectionOptionsTooMany }
                    formUnion(Self.option(FoldedText(value, token)))
                }
            }
        }
    }

    private static func option(_ token: FoldedText) -> ConnectionOptions {
        if token.equals("close") { return .close }
        if token.equals("keep-ali", "ve") { return .keepAlive }
        if token.equals("upgrade") { return .upgrade }
        return token.equals("te") ? [] : .others
    }
}
