internal import Gatekeeper

/// Moments as people write them into a configuration: RFC 3339, as `2026-12-31T23:59:59Z` or `2026-12-31T23:59:59+01:00`.
///
/// A time without `Z` or an offset is refused: it would end at another moment after the machine's time zone has changed.
enum CalendarTime {
    private static let example = "2026-12-31T23:59:59Z"

    /// Seconds since 1970-01-01T00:00:00Z; a fraction is cut off.
    static func unixSeconds(_ text: String) throws(ValueMistake) -> Int64 {
        var rest = Array(text.utf8)[...]
        guard let year = number(4, &rest), take("-", &rest), let month = number(2, &rest), take("-", &rest), let day = number(2, &rest)
        else {
            throw ValueMistake("\(Quantity.quoted(text)) is not a date and time, as \(example)")
        }
        guard year >= 1970 else { throw ValueMistake("\(Quantity.quoted(text)) is before 1970") }
        guard (1...12).contains(month) else { throw ValueMistake("\(Quantity.quoted(text)) has no such month: \(month)") }
        guard (1...days(in: month, of: year)).contains(day) else {
            throw ValueMistake("\(Quantity.quoted(text)): month \(month) of \(year) has no day \(day)")
        }
        guard !rest.isEmpty else { throw ValueMistake("\(Quantity.quoted(text)) has no time; write \(text)T23:59:59Z") }
        guard take("T", &rest) || take("t", &rest), let hour = number(2, &rest), take(":", &rest), let minute = number(2, &rest),
            take(":", &rest), let second = number(2, &rest), takeFraction(&rest)
        else {
            throw ValueMistake("\(Quantity.quoted(text)) has no whole time behind the date; write it as \(example)")
        }
        guard hour < 24, minute < 60, second < 60 else {
            throw ValueMistake("\(Quantity.quoted(text)) has no such time of day (00:00:00 to 23:59:59)")
        }
        let offset = try offset(of: rest, in: text)
        let days = CivilDate(year: Int64(year), month: Int64(month), day: Int64(day)).daysSince1970
        return (days * 24 + Int64(hour)) * 3600 + Int64(minute * 60 + second) - offset
    }

    // MARK: Pieces

    /// Seconds that local time is ahead of UTC.
    private static func offset(of bytes: ArraySlice<UInt8>, in text: String) throws(ValueMistake) -> Int64 {
        var rest = bytes
        guard !rest.isEmpty else {
            throw ValueMistake("\(Quantity.quoted(text)) has no time zone; write Z behind it for UTC, or an offset as +01:00")
        }
        if take("Z", &rest) || take("z", &rest), rest.isEmpty { return 0 }
        rest = bytes
        let isAhead = take("+", &rest)
        guard isAhead || take("-", &rest), let hours = number(2, &rest), take(":", &rest), let minutes = number(2, &rest), rest.isEmpty,
            hours < 24, minutes < 60
        else {
            throw ValueMistake("\(Quantity.quoted(text)) does not end with Z or an offset, as +01:00")
        }
        return Int64(hours * 3600 + minutes * 60) * (isAhead ? 1 : -1)
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// Exactly so many decimal digits.
    private static func number(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(isDigit) else { return nil }
        rest.removeFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// False for a point without a digit behind it.
    private static func takeFraction(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard take(".", &rest) else { return true }
        let digits = rest.prefix(while: isDigit)
        rest.removeFirst(digits.count)
        return !digits.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
