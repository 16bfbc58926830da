/// Milliseconds since 1970 UTC as RFC 3339 writes them: `2026-03-01T12:00:00.000Z`, always 24 bytes.
enum Timestamp {
    /// Years 1970 to 9999; what lies outside is shown as the nearest of these.
    static func append(_ wallMilliseconds: Int64, to buffer: Buffer) {
        let milliseconds = min(max(wallMilliseconds, 0), 253_402_300_799_999)
        let days = milliseconds / 86_400_000
        let rest = milliseconds % 86_400_000
        let (year, month, day) = civil(days: days)
        digits(year, 4, buffer)
        buffer.append(UInt8(ascii: "-"))
        digits(month, 2, buffer)
        buffer.append(UInt8(ascii: "-"))
        digits(day, 2, buffer)
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

    /// The Gregorian date of a day counted from 1970-01-01.
    ///
    /// Years are taken to begin in March, which puts the leap day last: the days before a month are then a linear function of it, and 400
    /// years are always 146 097 days.
    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
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
