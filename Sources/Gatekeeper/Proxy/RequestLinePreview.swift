/// Where method and path seem to stand in a request line that was refused: for the log only, which escapes whatever it is given.
///
/// Nothing but a path is shown: no query, which may hold keys, and no absolute target, which may hold a password.
struct RequestLinePreview {
    private(set) var method = ByteRange.empty
    private(set) var path = ByteRange.empty

    init(_ bytes: Span<UInt8>) {
        let end = Self.first(in: bytes, from: 0) { $0 < 0x20 }
        let space = min(end, Self.first(in: bytes, from: 0) { $0 == UInt8(ascii: " ") })
        method = ByteRange(start: 0, count: space)
        guard space < end else { return }
        let start = space + 1
        guard start < end, bytes[start] == UInt8(ascii: "/") else { return }
        let stop = min(end, Self.first(in: bytes, from: start) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "?") })
        path = ByteRange(start: start, count: stop - start)
    }

    private static func first(in bytes: Span<UInt8>, from start: Int, where matches: (UInt8) -> Bool) -> Int {
        var index = start
        while index < bytes.count, !matches(bytes[index]) { index += 1 }
        return index
    }
}
