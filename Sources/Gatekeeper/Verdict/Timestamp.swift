/// Milliseconds since 1970 UTC as RFC 3339 writes them: `2026-03-01T12:00:00.000Z`, always 24 bytes.
enum Timestamp {
    /// Years 1970 to 9999; what lies outside is shown as the nearest of these.
    static func append(_ wallMilliseconds: Int64, to buffer: Buffer) {
        let milliseconds = min(max(wallMilliseconds, 0), 253_402_300_799_999)
        let days = milliseconds / 86_400_000
        let rest = milliseconds % 86_400_000
        let date = CivilDate(daysSince1970: days)
        digits(date.year, 4, buffer)
        buffer.append(UInt8(ascii: "-"))
        digits(date.month, 2, buffer)
        buffer.append(UInt8(ascii: "-"))
        digits(date.day, 2, buffer)
        buffer.append(UInt8(ascii: "T"))
        digits(rest / 3_600_000, 2, buffer)
        buffer.append(UInt8(ascii: ":"))
        digits(rest / 60_000 % 60, 2, buffer)
        buffer.append(UInt8(ascii: ":"))
        digits(rest / 1000 % 60, 2, buffer)
        buffer.append(UInt8(ascii: "."))
        digits(rest % 1000, 3, buffer)
        buffer.append(UInt8(ascii: "Z"))
    }

    private static func digits(_ number: Int64, _ count: Int, _ buffer: Buffer) {
        var divisor: Int64 = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}
