internal import Gatekeeper

/// Sizes, durations, rates, counts and switches as they are written in the configuration: `32MiB`, `1500ms`, `1000/s`, `100`, `true`.
///
/// A number needs its unit: `timeouts: {head: 10}` has been read as seconds by one product and milliseconds by the next.
enum Quantity {
    private static let sizeUnits: [(name: String, factor: Int)] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
    private static let durationUnits: [(name: String, factor: Int)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    private static let rateUnits: [(name: String, factor: Int)] = [("s", 1000), ("m", 60_000)]

    /// Bytes.
    static func size(_ text: String) throws(ValueMistake) -> Int {
        try amount(text, units: sizeUnits, what: "a size", example: "32MiB")
    }

    /// Milliseconds.
    static func duration(_ text: String) throws(ValueMistake) -> Int {
        try amount(text, units: durationUnits, what: "a duration", example: "30s")
    }

    /// Seconds, of a duration that is whole ones.
    static func seconds(_ text: String) throws(ValueMistake) -> Int {
        let milliseconds = try duration(text)
        guard milliseconds % 1000 == 0 else { throw ValueMistake("\(quoted(text)) is not whole seconds") }
        return milliseconds / 1000
    }

    /// `1000/s`, `60/m`.
    static func rate(_ text: String) throws(ValueMistake) -> Rate {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = decimal(parts[0]) else {
            throw ValueMistake("\(quoted(text)) is not a rate; write a number for each second or minute, as 1000/s or 60/m")
        }
        guard let unit = rateUnits.first(where: { $0.name == parts[1] }) else {
            throw ValueMistake("\(quoted(text)) is a rate for neither a second nor a minute; write \(count)/s or \(count)/m")
        }
        return Rate(count: count, perMilliseconds: unit.factor)
    }

    static func count(_ text: String) throws(ValueMistake) -> Int {
        guard let number = decimal(text[...]) else { throw ValueMistake("\(quoted(text)) is not a number") }
        return number
    }

    static func flag(_ text: String) throws(ValueMistake) -> Bool {
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: throw ValueMistake("\(quoted(text)) is neither true nor false")
        }
    }

    /// `16KiB`: in the largest unit that divides it.
    static func describe(bytes: Int) -> String { describe(bytes, in: sizeUnits) }

    /// `30s`.
    static func describe(milliseconds: Int) -> String { describe(milliseconds, in: durationUnits) }

    /// `1000/s`, or `5/90000ms` where no unit fits.
    static func describe(_ rate: Rate) -> String {
        "\(rate.count)/\(rateUnits.first { $0.factor == rate.perMilliseconds }?.name ?? "\(rate.perMilliseconds)ms")"
    }

    /// `1 request`, `2 requests`; a noun whose plural is no mere s says it.
    static func counted(_ number: some BinaryInteger, _ noun: String, plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// A value as error messages show it: in quotes, cut, on one line, what can't be seen as its code point, and without what stands in a URL
    /// for a user and a password.
    static func quoted(_ text: String) -> String {
        let text = withoutUser(text)
        let shown = VisibleText.of(String(text.prefix(60)))
        return text.count > 60 ? "\"\(shown)…\"" : "\"\(shown)\""
    }

    /// `http://user:password@host` without what stands before the @.
    private static func withoutUser(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let scheme = text.firstRange(of: "://")?.upperBound ?? text.startIndex
        // `a@b` alone is an address of mail.
        guard scheme < at, scheme > text.startIndex || text[..<at].contains(":") else { return text }
        return text[..<scheme] + "…" + text[at...]
    }

    private static func amount(
        _ text: String, units: [(name: String, factor: Int)], what: String, example: String
    ) throws(ValueMistake) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let name = text[digits.endIndex...].trimmingPrefix { $0 == " " }
        let names = units.map(\.name).joined(separator: " ")
        guard !digits.isEmpty else { throw ValueMistake("\(quoted(text)) is not \(what); write a number and a unit, as \(example)") }
        guard !name.isEmpty else { throw ValueMistake("\(quoted(text)) needs a unit (\(names)), as \(example)") }
        guard let unit = units.first(where: { $0.name == name }) else {
            if what == "a duration", name == "w", let weeks = decimal(digits) {
                throw ValueMistake("\(quoted(String(name))) is not a unit of \(what) (\(names)); did you mean \(weeks &* 7)d?")
            }
            let meant = meant(by: name, among: units.map(\.name)).map { "did you mean \(digits)\($0)?" }
            let hint = "; \(meant ?? "write one whole number and one unit")"
            throw ValueMistake("\(quoted(String(name))) is not a unit of \(what) (\(names))\(hint)")
        }
        guard let number = decimal(digits) else { throw ValueMistake("\(quoted(text)) is too large") }
        let (amount, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        guard !overflow else { throw ValueMistake("\(quoted(text)) is too large") }
        return amount
    }

    /// The unit that begins as the word does: `16k`, `10min`. The nearest by its letters would make bytes of what was meant for MiB.
    private static func meant(by word: some StringProtocol, among units: [String]) -> String? {
        let word = word.lowercased()
        guard word.allSatisfy({ $0.isASCII && $0.isLetter }) else { return nil }
        let candidates = units.filter { $0.first?.lowercased() == word.first.map(String.init) }
        // Of ms and m, what is spelt as milliseconds are.
        let isMilli = word.hasPrefix("ms") || word.hasPrefix("mil")
        return isMilli ? candidates.first : candidates.last
    }

    /// ASCII digits only: `Int(_:)` would take a sign as well.
    private static func decimal(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text)
    }

    private static func describe(_ amount: Int, in units: [(name: String, factor: Int)]) -> String {
        let unit = units.last { amount >= $0.factor && amount % $0.factor == 0 } ?? units[0]
        return "\(amount / unit.factor)\(unit.name)"
    }
}
