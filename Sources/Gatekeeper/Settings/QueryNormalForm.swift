/// The keys of a query as everybody reads them: what `QueryRule` judges.
///
/// As with a path (`PathNormalForm`), what is judged must be what is acted upon, so a query of which two servers make different keys is refused:
///
/// | spelling | who reads it otherwise |
/// | --- | --- |
/// | `;` outside of an escape | separates pairs for Perl's CGI, older Python, Rack and RT; part of a value for others |
/// | `.`, a blank (`+`, `%20`), `[` and `]` in a key | made `_`, left out or taken for an array by PHP, for nested keys by Rails |
/// | an escape in a key | compared undecoded by some; `%40` and `%24` alone are read as `@` and `$`, which clients write either way |
/// | a key without `=` | a key, a value without a key (ASP.NET), an argument of the program (CGI, RFC 3875 §4.4), or nothing |
/// | no key before `=` | likewise |
/// | a key that comes twice, in whatever case | the first, the last, or both joined |
/// | more than `keysMax` keys | the rest is left out by some (PHP's max_input_vars) |
/// | an incomplete escape, `%00`, escapes that aren't UTF-8 | kept, dropped, or read past the `&` that follows; the end of a C string |
///
/// Pairs without anything between two `&` are nobody's keys.
enum QueryNormalForm {
    /// So that a client can't have many compared with many.
    static let keysMax = 64

    /// The keys in order; nil where they can be read in more than one way.
    static func keys(of query: Span<UInt8>) -> [[UInt8]]? {
        var keys: [[UInt8]] = []
        var index = 0
        while index < query.count {
            if query[index] == UInt8(ascii: "&") {
                index += 1
                continue
            }
            guard keys.count < keysMax, let key = nextKey(query, at: &index), passesValue(query, at: &index),
                !keys.contains(where: { areAlike($0, key) })
            else { return nil }
            keys.append(key)
        }
        return keys
    }

    /// What every server takes for a part of a key.
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: isEscapable(byte)
        }
    }

    /// Bytes that a client may send as they are or escaped (RFC 3986 §2.2).
    private static func isEscapable(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "@") || byte == UInt8(ascii: "$") }

    /// Whether two keys are the same where case doesn't count; letters of ASCII alone are folded.
    static func areAlike(_ key: [UInt8], _ other: [UInt8]) -> Bool {
        key.count == other.count && zip(key, other).allSatisfy { Route.fold($0) == Route.fold($1) }
    }

    /// The key at `index`, which moves behind its `=`; nil for one that isn't plain.
    private static func nextKey(_ query: Span<UInt8>, at index: inout Int) -> [UInt8]? {
        var key: [UInt8] = []
        while index < query.count, query[index] != UInt8(ascii: "=") {
            let isEscaped = query[index] == UInt8(ascii: "%")
            guard let byte = PathNormalForm.decoded(query, at: &index), isEscaped ? isEscapable(byte) : isPlain(byte) else { return nil }
            key.append(byte)
        }
        guard index < query.count, !key.isEmpty else { return nil }
        index += 1
        return key
    }

    /// Whether everybody sees where the value at `index` ends, which moves there.
    private static func passesValue(_ query: Span<UInt8>, at index: inout Int) -> Bool {
        var utf8 = PathNormalForm.UTF8Sequence()
        while index < query.count, query[index] != UInt8(ascii: "&") {
            let isEscaped = query[index] == UInt8(ascii: "%")
            guard let byte = PathNormalForm.decoded(query, at: &index), utf8.accepts(byte), byte != 0,
                isEscaped || byte != UInt8(ascii: ";")
            else { return false }
        }
        return utf8.isComplete
    }
}
