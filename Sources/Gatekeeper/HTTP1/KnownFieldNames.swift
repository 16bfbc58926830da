/// Finds the known field of a name: a hash of its words, one slot as a rule, no string.
///
/// Built once for the process; whoever looks names up often keeps a copy, because reaching a global costs a call.
struct KnownFieldNames: Sendable {
    static let shared = KnownFieldNames()

    /// Every name that is known as a whole, in lower case and at most 24 characters long.
    static let names: [(name: String, field: KnownField)] = [
        ("host", .host),
        ("content-length", .contentLength),
        ("transfer-encoding", .transferEncoding),
        ("connection", .connection),
        ("keep-alive", .keepAlive),
        ("te", .te),
        ("trailer", .trailer),
        ("upgrade", .upgrade),
        ("http2-settings", .http2Settings),
        ("expect", .expect),
        ("proxy", .proxy),
        ("forwarded", .forwarded),
        ("x-real-ip", .forwarded),
        ("x-forwarded", .forwarded),
        ("forwarded-for", .forwarded),
        ("client-ip", .forwarded),
        ("x-client-ip", .forwarded),
        ("true-client-ip", .forwarded),
        ("cf-connecting-ip", .forwarded),
        ("fastly-client-ip", .forwarded),
        ("x-cluster-client-ip", .forwarded),
        ("x-rewrite-url", .rewrite),
        ("x-frappe-site-name", .rewrite),
        ("x-request-id", .requestID),
        ("x-http-method-override", .methodOverride),
        ("x-http-method", .methodOverride),
        ("x-method-override", .methodOverride),
        ("x-gatekeeper-hop", .hop),
        ("authorization", .authorization),
        ("cookie", .cookie),
        ("set-cookie", .setCookie),
        ("www-authenticate", .wwwAuthenticate),
        ("content-type", .contentType),
        ("content-encoding", .contentEncoding),
        ("content-range", .contentRange),
        ("cache-control", .cacheControl),
        ("date", .date),
        ("location", .location),
        ("content-location", .contentLocation),
        ("refresh", .refresh),
        ("max-forwards", .maxForwards),
        ("origin", .origin),
        ("referer", .referer),
        ("if-match", .ifMatch),
        ("user-agent", .userAgent),
        ("traceparent", .traceParent),
    ]

    private struct Slot {
        var name: FoldedText
        var field: KnownField
    }

    /// Twice the names and more, a power of two; `other` is an empty slot.
    private let slots: [Slot]

    private init() {
        var slots = [Slot](repeating: Slot(name: FoldedText("".utf8.span, .empty), field: .other), count: 128)
        for (name, field) in Self.names {
            let text = FoldedText(name.utf8.span, ByteRange(0..<name.utf8.count))
            var index = Self.slot(of: text)
            while slots[index].field != .other { index = (index &+ 1) & 127 }
            slots[index] = Slot(name: text, field: field)
        }
        self.slots = slots
    }

    /// The field of a name of letters, digits and `-`.
    func field(_ name: FoldedText) -> KnownField {
        var index = Self.slot(of: name)
        while slots[index].field != .other {
            if slots[index].name == name { return slots[index].field }
            index = (index &+ 1) & 127
        }
        return family(name)
    }

    /// The field of a name that holds other bytes as well, of which `_` may be the only ones.
    ///
    /// Where all the others are dropped, one that merely has `_` may be let through, but for those that would be read as a field of which we
    /// know what it does.
    func irregular(_ name: FoldedText, hasOnlyUnderscores: Bool) -> KnownField {
        hasOnlyUnderscores && field(name.dashed) == .other ? .underscored : .disguised
    }

    @inline(always)
    private static func slot(of name: FoldedText) -> Int {
        let mixed = (name.first ^ name.second &* 31 ^ name.third &* 127 ^ UInt64(name.count)) &* 0x9e37_79b9_7f4a_7c15
        return Int(mixed >> 57)
    }

    /// Families, by how the name begins: `X-Forwarded-`, `X-Original-`, `Sec-WebSocket-`, `Proxy-`.
    private func family(_ name: FoldedText) -> KnownField {
        let three: UInt64 = 0xff_ffff
        let four: UInt64 = 0xffff_ffff
        let six: UInt64 = 0xffff_ffff_ffff
        if name.first == ByteScan.word("x-forwar") { return name.second & four == ByteScan.word("ded-") ? .forwarded : .other }
        if name.first == ByteScan.word("x-origin") { return name.second & three == ByteScan.word("al-") ? .rewrite : .other }
        if name.first == ByteScan.word("sec-webs") { return name.second & six == ByteScan.word("ocket-") ? .webSocket : .other }
        return name.first & six == ByteScan.word("proxy-") ? .proxy : .other
    }
}
