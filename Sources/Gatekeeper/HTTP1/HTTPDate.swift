/// The value of `Date`, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), written anew once a second.
package final class HTTPDate {
    private let text = Buffer(capacity: 32)
    private var second: Int64?

    package init() {}

    /// The text for this second, until the next call.
    package func text(atUnixSeconds seconds: Int64) -> Buffer {
        if seconds != second { write(seconds) }
        return text
    }

    private static let days: [StaticString] = ["Thu, ", "Fri, ", "Sat, ", "Sun, ", "Mon, ", "Tue, ", "Wed, "]
    private static let months: [StaticString] = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
    ]
    /// The end of the year 9999, beyond which the form has no room.
    private static let secondsMax: Int64 = 253_402_300_799

    private func write(_ seconds: Int64) {
        second = seconds
        let seconds = min(max(seconds, 0), Self.secondsMax)
        let days = seconds / 86_400
        let date = CivilDate(daysSince1970: days)
        text.clear()
        text.append(Self.days[Int(days % 7)])
        appendTwo(date.day)
        text.append(Self.months[Int(date.month) - 1])
        text.append(decimal: UInt64(date.year))
        text.append(ByteScan.space)
        appendTwo(seconds % 86_400 / 3_600)
        text.append(UInt8(ascii: ":"))
        appendTwo(seconds % 3_600 / 60)
        text.append(UInt8(ascii: ":"))
        appendTwo(seconds % 60)
        text.append(" GMT")
    }

    private func appendTwo(_ number: Int64) {
        text.append(UInt8(ascii: "0") + UInt8(number / 10))
        text.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}
