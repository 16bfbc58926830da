/// Milliseconds since 1970 UTC as RFC 3339 writes them: `2026-03-01T12:00:00.000Z`, always 24 bytes.
enum Timestamp {
    /// Years 1970 to 9999; what lies outside is shown as the nearest of these.
    static func append(_ wallMilliseconds: Int64, to buffer: Buffer) {
        let milliseconds = min(max(wallMilliseconds, 0), 253_402_300_799_999)
        let days = milliseconds / 86_400_000
        let rest = milliseconds % 86_400_000
        let date = CivilDate(daysSince1970: days)
        var text: InlineArray<24, UInt8> = .init(repeating: UInt8(ascii: "Z"))
        put(date.year / 100, at: 0, in: &text)
        put(date.year % 100, at: 2, before: "-", in: &text)
        put(date.month, at: 5, before: "-", in: &text)
        put(date.day, at: 8, before: "T", in: &text)
        put(rest / 3_600_000, at: 11, before: ":", in: &text)
        put(rest / 60_000 % 60, at: 14, before: ":", in: &text)
        put(rest / 1000 % 60, at: 17, before: ".", in: &text)
        let fraction = rest % 1000
        text[20] = digit(fraction / 100)
        put(fraction % 100, at: 21, in: &text)
        buffer.append(text.span)
    }

    @inline(__always)
    private static func put(
        _ number: Int64, at index: Int, before mark: Unicode.Scalar? = nil, in text: inout InlineArray<24, UInt8>
    ) {
        text[index] = digit(number / 10)
        text[index + 1] = digit(number % 10)
        if let mark { text[index + 2] = UInt8(ascii: mark) }
    }

    @inline(__always)
    private static func digit(_ number: Int64) -> UInt8 {
        UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)
    }
}
