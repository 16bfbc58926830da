/// Links of an answer that lead to the ticket system by a name of ours: they come out as `https` with the client's own authority.
///
/// Two kinds. An application that builds links from `Host` alone doesn't know about TLS (Roundup): `http://` with exactly what the client
/// sent as `Host`. And one that was told another name (`upstream.host`) makes its links with that, which nobody outside can reach: it comes in
/// any case, by either scheme or none, and with the ports that an application may take for its own. Only `Location`, `Content-Location` and
/// `Refresh` are looked at; another host, port or spelling is the application's intention.
struct LocationRewrite: ~Escapable {
    /// The `Host` as the client sent it; empty leaves everything as it is.
    let own: Span<UInt8>
    /// The `Host` that the ticket system was sent in its place; empty where that was the client's.
    let told: Span<UInt8>
    /// At which the ticket system listens; 0 where it has none.
    let port: UInt16

    @_lifetime(copy own, copy told)
    init(own: Span<UInt8>, told: Span<UInt8> = Span(), port: UInt16 = 0) {
        self.own = own
        self.told = told
        self.port = port
    }

    /// What stands before the link and behind its authority: between them goes `https://` and `own`.
    struct Rewritten: Equatable {
        var before: ByteRange
        var after: ByteRange
    }

    /// Nil where the field stays as it is.
    func rewritten(_ kind: KnownField, of fields: borrowing FieldTable, _ source: Span<UInt8>) -> Rewritten? {
        guard !own.isEmpty, let field = fields.first(kind), !fields.isRepeated(kind) else { return nil }
        let value = source.bytes(field.value)
        guard let start = kind == .refresh ? Self.link(inRefresh: value) : 0 else { return nil }
        guard let (scheme, authorityStart) = Self.scheme(of: value, at: start) else { return nil }
        var end = authorityStart
        while end < value.count, !Self.endsAuthority(value[end]) { end += 1 }
        let authority = value.extracting(authorityStart..<end)
        guard (scheme == .http && Self.isSame(authority, own)) || namesTold(authority) else { return nil }
        return Rewritten(
            before: ByteRange(start: Int(field.value.start), count: start),
            after: ByteRange(start: Int(field.value.start) + end, count: value.count - end))
    }

    private enum Scheme {
        case http, https, none
    }

    /// And where the authority begins.
    private static func scheme(of value: Span<UInt8>, at start: Int) -> (Scheme, Int)? {
        let room = value.count - start
        if room >= 7, FoldedText(value, start, 7).equals("http://") { return (.http, start + 7) }
        if room >= 8, FoldedText(value, start, 8).equals("https://") { return (.https, start + 8) }
        return room >= 2 && FoldedText(value, start, 2).equals("//") ? (.none, start + 2) : nil
    }

    /// Whether `authority` is the told name, with a port that is the ticket system's own in somebody's eyes.
    private func namesTold(_ authority: Span<UInt8>) -> Bool {
        guard !told.isEmpty else { return false }
        let (end, toldEnd) = (Self.hostEnd(authority), Self.hostEnd(told))
        guard Self.equalsFolded(authority.extracting(0..<end), told.extracting(0..<toldEnd)) else { return false }
        guard end + 1 < authority.count else { return true }
        guard let number = Self.port(authority, behind: end) else { return false }
        return number == 80 || number == 443 || (number == port && number != 0) || number == Self.port(told, behind: toldEnd)
    }

    // MARK: Bytes

    /// Where the link begins in `5; url='http://…'`; nil where there is none.
    private static func link(inRefresh value: Span<UInt8>) -> Int? {
        var index = 0
        while index < value.count, value[index] != UInt8(ascii: ";"), value[index] != UInt8(ascii: ",") { index += 1 }
        guard index < value.count else { return nil }
        index = behindBlanks(value, index + 1)
        if value.count - index >= 3, FoldedText(value, index, 3).equals("url") {
            let sign = behindBlanks(value, index + 3)
            if sign < value.count, value[sign] == UInt8(ascii: "=") { index = behindBlanks(value, sign + 1) }
        }
        if index < value.count, value[index] == UInt8(ascii: "'") || value[index] == UInt8(ascii: "\"") { index += 1 }
        return index
    }

    private static func behindBlanks(_ value: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < value.count, value[index] == 0x20 || value[index] == 0x09 { index += 1 }
        return index
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "'"), UInt8(ascii: "\""), 0x20: true
        default: false
        }
    }

    /// Where the colon before a port is, or the end.
    private static func hostEnd(_ authority: Span<UInt8>) -> Int {
        var index = authority.count - 1
        while index >= 0, (0x30...0x39).contains(authority[index]) { index -= 1 }
        return index > 0 && authority[index] == UInt8(ascii: ":") ? index : authority.count
    }

    private static func port(_ authority: Span<UInt8>, behind colon: Int) -> UInt16? {
        guard (1...5).contains(authority.count - colon - 1) else { return nil }
        var number = 0
        for index in (colon + 1)..<authority.count { number = number * 10 + Int(authority[index] & 0x0f) }
        return UInt16(exactly: number)
    }

    private static func isSame(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }

    private static func equalsFolded(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for index in a.indices where folded(a[index]) != folded(b[index]) { return false }
        return true
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
