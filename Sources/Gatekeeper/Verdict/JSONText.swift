/// Bytes that a peer chose, as the inside of a JSON string that can't be anything else.
///
/// Escaped: quotes, backslash, every control character (C0, DEL, C1), line and paragraph separators, and the marks that reorder text on a
/// terminal: a forged line must not look like one of ours, neither to a parser nor to an eye. A byte that isn't part of valid UTF-8
/// (RFC 3629: no overlong form, no surrogate) becomes U+FFFD. What comes out is UTF-8 on one line, at most six bytes for each byte.
package enum JSONText {
    static func append(_ bytes: Span<UInt8>, to buffer: Buffer) {
        var index = 0
        while index < bytes.count {
            let start = index
            index = endOfPlain(bytes, from: index)
            if index > start { buffer.append(bytes.extracting(start..<index)) }
            if index < bytes.count { index += appendSpecial(bytes, at: index, to: buffer) }
        }
    }

    /// The same for a text that isn't written into a buffer, by the control plane for one.
    package static func escaped(_ text: String) -> String {
        let bytes = text.utf8.span
        if endOfPlain(bytes, from: 0) == bytes.count { return text }
        let buffer = Buffer(capacity: 6 * bytes.count)
        append(bytes, to: buffer)
        let escaped = buffer.bytes
        return String(decoding: escaped.indices.map { escaped[$0] }, as: UTF8.self)
    }

    /// Writes what stands at `index`, which isn't plain, and returns how many bytes it took.
    private static func appendSpecial(_ bytes: Span<UInt8>, at index: Int, to buffer: Buffer) -> Int {
        switch bytes[index] {
        case UInt8(ascii: "\""): buffer.append("\\\"")
        case UInt8(ascii: "\\"): buffer.append("\\\\")
        case UInt8(ascii: "\n"): buffer.append("\\n")
        case UInt8(ascii: "\r"): buffer.append("\\r")
        case UInt8(ascii: "\t"): buffer.append("\\t")
        case ..<0x80: escape(UInt32(bytes[index]), to: buffer)
        default:
            guard let (scalar, length) = decode(bytes, at: index) else {
                escape(0xfffd, to: buffer)
                return 1
            }
            if misleads(scalar) { escape(scalar, to: buffer) } else { buffer.append(bytes.extracting(index..<index + length)) }
            return length
        }
        return 1
    }

    /// The first offset from `start` on that holds something to look at, or the count. Eight at a time as in `ByteScan.firstControl`; the last
    /// eight may overlap those before them.
    private static func endOfPlain(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while let word = ByteScan.load(bytes, at: index), isPlain(word) { index &+= 8 }
        if let word = ByteScan.load(bytes, at: bytes.count &- 8), index > bytes.count &- 8, isPlain(word) { return bytes.count }
        while index < bytes.count, isPlain(bytes[index]) { index += 1 }
        return index
    }

    /// Whether none of eight bytes is below `0x20`, a quote, a backslash, DEL or beyond ASCII: each of these sets its top bit below, and the
    /// borrow that misleads goes upward from one of them.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5c)
        let delete = word ^ (ones &* 0x7f)
        let hits = (word &- (ones &* 0x20)) | (quote &- ones) | (backslash &- ones) | (delete &- ones) | word
        return hits & (ones &* 0x80) == 0
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7f && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func misleads(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x80...0x9f, 0x61c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff: true
        default: false
        }
    }

    /// The scalar of two to four bytes that begins at `index`, or nil.
    private static func decode(_ bytes: Span<UInt8>, at index: Int) -> (scalar: UInt32, length: Int)? {
        let length: Int
        var scalar: UInt32
        let least: UInt32
        switch bytes[index] {
        case 0xc2...0xdf: (length, scalar, least) = (2, UInt32(bytes[index] & 0x1f), 0x80)
        case 0xe0...0xef: (length, scalar, least) = (3, UInt32(bytes[index] & 0x0f), 0x800)
        case 0xf0...0xf4: (length, scalar, least) = (4, UInt32(bytes[index] & 0x07), 0x10000)
        default: return nil
        }
        guard bytes.count - index >= length else { return nil }
        for offset in 1..<length {
            guard bytes[index + offset] & 0xc0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(bytes[index + offset] & 0x3f)
        }
        guard scalar >= least, scalar <= 0x10ffff, !(0xd800...0xdfff).contains(scalar) else { return nil }
        return (scalar, length)
    }

    /// `\uXXXX`; only for scalars of the first plane.
    private static func escape(_ scalar: UInt32, to buffer: Buffer) {
        buffer.append("\\u")
        for shift in stride(from: UInt32(12), through: 0, by: -4) {
            let nibble = UInt8(truncatingIfNeeded: scalar >> shift & 15)
            buffer.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
