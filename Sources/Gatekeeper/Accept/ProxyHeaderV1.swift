/// Version 1 of the PROXY protocol: `PROXY TCP4 203.0.113.9 192.0.2.1 50000 443` and an end of line.
///
/// One space between words, no sign and no leading zero in numbers, addresses as strict as on the allow-list: what two programs may read
/// differently names nobody.
enum ProxyHeaderV1 {
    private static let beginning: InlineArray<6, UInt8> = [0x50, 0x52, 0x4f, 0x58, 0x59, 0x20]

    static func parse(_ bytes: Span<UInt8>) -> ProxyHeader.Result {
        for index in 0..<min(bytes.count, beginning.count) where bytes[index] != beginning[index] { return .refused(.missing) }
        let limit = min(bytes.count, ProxyHeader.lineBytesMax)
        var end = 0
        while end < limit, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end < limit else { return bytes.count >= ProxyHeader.lineBytesMax ? .refused(.tooLong) : .needsMore }
        guard end > beginning.count, bytes[end - 1] == UInt8(ascii: "\r") else { return .refused(.malformed) }
        for index in 0..<end - 1 where bytes[index] < 0x20 || bytes[index] > 0x7e { return .refused(.malformed) }
        guard let source = source(bytes.extracting(beginning.count..<end - 1)) else { return .refused(.malformed) }
        return .parsed(ProxyHeader(source: source, byteCount: end + 1))
    }

    /// Of printable ASCII behind `PROXY `.
    private static func source(_ line: Span<UInt8>) -> ProxyHeader.Source? {
        let text = String(decoding: line.indices.map { line[$0] }, as: UTF8.self)
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch words[0] {
        // What follows is to be ignored, whatever it says.
        case "UNKNOWN": return .balancer
        case "TCP4", "TCP6": break
        default: return nil
        }
        guard words.count == 5, let source = address(words[1], family: words[0]), address(words[2], family: words[0]) != nil,
            let port = number(words[3]), number(words[4]) != nil
        else { return nil }
        return .address(SocketAddress(address: source, port: port))
    }

    private static func address(_ text: String, family: String) -> PeerAddress? {
        // An interface of another machine means nothing here, so a link-local address names nobody on a list.
        guard text.utf8.contains(UInt8(ascii: ":")) == (family == "TCP6"), !text.utf8.contains(UInt8(ascii: "%")) else { return nil }
        do throws(AddressSyntaxError) {
            return try PeerAddress(parsing: text)
        } catch {
            return nil
        }
    }

    private static func number(_ text: String) -> UInt16? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            text == "0" || text.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return UInt16(text)
    }
}
