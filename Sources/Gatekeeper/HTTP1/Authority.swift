/// A host and an optional port, as `Host` and an absolute target hold it (RFC 9110 §7.2).
///
/// ```
///   tickets.example.com:8443     192.0.2.7     [2001:db8::7]:443
/// ```
///
/// Narrower than RFC 3986 where parsers disagree: no user information, no percent-encoding, no comma, no empty host, no
/// zone identifier. Applications build links from it, so it must read one way.
enum Authority {
    static func isValid(_ bytes: Span<UInt8>) -> Bool {
        let count = bytes.count
        guard count > 0, count <= 262 else { return false }
        let hostEnd: Int
        if bytes[0] == UInt8(ascii: "[") {
            let end = ByteClass.ipv6.end(in: bytes, from: 1, to: count)
            guard end < count, bytes[end] == UInt8(ascii: "]"), isAddress(bytes.extracting(1..<end)) else { return false }
            hostEnd = end &+ 1
        } else {
            hostEnd = ByteClass.host.end(in: bytes, from: 0, to: count)
            guard hostEnd > 0 else { return false }
        }
        guard hostEnd < count else { return true }
        guard bytes[hostEnd] == UInt8(ascii: ":") else { return false }
        return isPort(bytes.extracting(hostEnd &+ 1..<count))
    }

    /// Without the colon behind which no port follows (RFC 3986 §3.2.3): the same authority, and one fewer way to write it.
    static func withoutEmptyPort(_ authority: ByteRange, in bytes: Span<UInt8>) -> ByteRange {
        let count = Int(authority.count)
        guard count > 0, bytes[authority.range.upperBound &- 1] == UInt8(ascii: ":") else { return authority }
        return ByteRange(start: Int(authority.start), count: count &- 1)
    }

    /// The port of a valid one; nil where it has none.
    static func port(of authority: Span<UInt8>) -> UInt64? {
        var index = authority.count
        var value: UInt64 = 0
        var power: UInt64 = 1
        while index > 0, ByteScan.isDigit(authority[index &- 1]) {
            index &-= 1
            value &+= power &* UInt64(authority[index] &- UInt8(ascii: "0"))
            power &*= 10
        }
        return index > 0 && index < authority.count && authority[index &- 1] == UInt8(ascii: ":") ? value : nil
    }

    /// Enough of RFC 4291 to keep garbage out; nobody resolves it.
    private static func isAddress(_ text: Span<UInt8>) -> Bool {
        var colons = 0
        for index in text.indices where text[index] == UInt8(ascii: ":") { colons &+= 1 }
        return text.count <= 45 && colons >= 2 && colons <= 7
    }

    private static func isPort(_ digits: Span<UInt8>) -> Bool {
        guard digits.count > 0, digits.count <= 5 else { return false }
        var value = 0
        for index in digits.indices {
            guard ByteScan.isDigit(digits[index]) else { return false }
            value = value &* 10 &+ Int(digits[index] &- UInt8(ascii: "0"))
        }
        return value <= 65_535
    }
}
