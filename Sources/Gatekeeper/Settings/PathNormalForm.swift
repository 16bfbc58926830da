/// A path as everybody reads it: the form in which routes are matched.
///
/// What is matched must be what is acted upon. Paths have spellings that one party resolves and another doesn't; a door that judges one
/// reading and an application that serves another are two different locks. So there is one reading, and a path that has a second one is
/// refused:
///
/// | spelling | who reads it otherwise |
/// | --- | --- |
/// | `.` and `..` as segments, encoded or not | resolved by servers, kept by proxies |
/// | empty segments (`//`) | merged by nginx and many frameworks |
/// | `;` in any spelling | cut off with what follows by servlet containers, before dot segments are looked for |
/// | `%2F`, `%5C`, `\` | decoded to separators (Windows, Tomcat's options) |
/// | `%00`…`%1F`, `%7F` | ends a C string, ends a line in a log |
/// | `%25` before two hexadecimal digits | decoded twice |
/// | an incomplete escape | kept, dropped or refused |
/// | escapes that aren't UTF-8, overlong ones among them | decoded to `/` and `.` by lenient decoders |
///
/// What is left differs only in escapes that needn't be (`%61` for `a`), which name the same resource (RFC 3986 §6.2.2.2): those are decoded
/// for matching, and sent as they came.
enum PathNormalForm {
    /// Whether `path`, which begins with `/`, can be read in one way only. An empty one is `/`.
    static func isUnambiguous(_ path: Span<UInt8>) -> Bool {
        guard path.count > 0 else { return true }
        guard path[0] == UInt8(ascii: "/") else { return false }
        var segment = SegmentShape()
        var utf8 = UTF8Sequence()
        var index = 1
        while index < path.count {
            let isEscaped = path[index] == UInt8(ascii: "%")
            guard let byte = decoded(path, at: &index) else { return false }
            if !isEscaped, byte == UInt8(ascii: "/") {
                guard segment.isPlain, utf8.isComplete else { return false }
                segment = SegmentShape()
                continue
            }
            guard utf8.accepts(byte), isAllowed(byte, isEscaped: isEscaped) else { return false }
            if isEscaped, byte == UInt8(ascii: "%"), isEscape(path, at: index) { return false }
            segment.note(byte)
        }
        // Nothing behind the last slash is a path of its own.
        return utf8.isComplete && (segment.count == 0 || segment.isPlain)
    }

    /// The byte at `index`, which moves behind it; nil for an escape that isn't one.
    static func decoded(_ path: Span<UInt8>, at index: inout Int) -> UInt8? {
        let byte = path[index]
        guard byte == UInt8(ascii: "%") else {
            index += 1
            return byte
        }
        guard index + 2 < path.count, let high = digit(path[index + 1]), let low = digit(path[index + 2]) else { return nil }
        index += 3
        return high << 4 | low
    }

    private static func isAllowed(_ byte: UInt8, isEscaped: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: ";"), UInt8(ascii: "\\"), 0...0x1f, 0x7f: false
        case UInt8(ascii: "/"): !isEscaped
        default: true
        }
    }

    /// Two hexadecimal digits at `index`: behind a `%` that was itself escaped they are another escape to whoever decodes twice.
    private static func isEscape(_ path: Span<UInt8>, at index: Int) -> Bool {
        index + 1 < path.count && digit(path[index]) != nil && digit(path[index + 1]) != nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// What a segment has been so far.
    private struct SegmentShape {
        var count = 0
        var hasOnlyDots = true

        mutating func note(_ byte: UInt8) {
            count += 1
            if byte != UInt8(ascii: ".") { hasOnlyDots = false }
        }

        /// Neither empty nor a dot segment. Three dots and more go up several folders in some old systems.
        var isPlain: Bool { count > 0 && !hasOnlyDots }
    }

    /// Follows UTF-8 byte by byte (RFC 3629 §4).
    struct UTF8Sequence {
        private var missing = 0
        private var range: ClosedRange<UInt8> = 0x80...0xbf

        var isComplete: Bool { missing == 0 }

        mutating func accepts(_ byte: UInt8) -> Bool {
            if missing > 0 {
                guard range.contains(byte) else { return false }
                missing -= 1
                range = 0x80...0xbf
                return true
            }
            switch byte {
            case 0...0x7f: return true
            case 0xc2...0xdf: missing = 1
            case 0xe0: (missing, range) = (2, 0xa0...0xbf)
            case 0xed: (missing, range) = (2, 0x80...0x9f)
            case 0xe1...0xef: missing = 2
            case 0xf0: (missing, range) = (3, 0x90...0xbf)
            case 0xf4: (missing, range) = (3, 0x80...0x8f)
            case 0xf1...0xf3: missing = 3
            default: return false
            }
            return true
        }
    }
}
