/// Metrics as Prometheus reads them, text format 0.0.4: families of samples, each with its help and kind before it.
///
/// Names and kinds are literals of ours. What comes from elsewhere stands in labels, whose values may hold anything and are escaped.
struct Exposition {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""
    private var family = ""

    enum Kind: String {
        case counter, gauge, histogram
    }

    typealias Labels = [(name: StaticString, value: String)]

    /// Begins a family; its samples follow until the next one. `help` is a sentence without a line's end or a backslash.
    mutating func begin(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
        family = "gatekeeper_\(name)"
        text += "# HELP \(family) \(help)\n# TYPE \(family) \(kind.rawValue)\n"
    }

    mutating func sample(_ value: some FixedWidthInteger, _ labels: Labels = []) {
        line("", labels, "\(value)")
    }

    /// Seconds since 1970.
    mutating func sample(_ time: WallTime, _ labels: Labels = []) {
        line("", labels, Self.seconds(milliseconds: UInt64(clamping: time.milliseconds)))
    }

    /// A histogram's samples.
    ///
    /// - Parameters:
    ///   - counts: one for each bound, of what isn't in the one before, and one of what is beyond all.
    ///   - nanoseconds: their sum.
    mutating func histogram(_ counts: [UInt64], millisecondsMax bounds: [UInt64], nanoseconds: UInt64) {
        var sum: UInt64 = 0
        let names = bounds.map { Self.seconds(milliseconds: $0) } + ["+Inf"]
        for (name, count) in zip(names, counts) {
            sum &+= count
            line("_bucket", [("le", name)], "\(sum)")
        }
        line("_sum", [], Self.decimal(nanoseconds, fractionDigits: 9))
        line("_count", [], "\(sum)")
    }

    private mutating func line(_ suffix: String, _ labels: Labels, _ value: String) {
        let shown = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        text += family + suffix + (shown.isEmpty ? "" : "{\(shown)}") + " \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for scalar in ConcealedValues.hide(in: value).unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func seconds(milliseconds: UInt64) -> String { decimal(milliseconds, fractionDigits: 3) }

    /// `1500` with three digits behind the point is `1.5`: exact, and never in scientific notation.
    private static func decimal(_ number: UInt64, fractionDigits: Int) -> String {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, fractionDigits + 1 - digits.utf8.count)) + digits
        var fraction = padded.suffix(fractionDigits)
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? String(padded.dropLast(fractionDigits)) : "\(padded.dropLast(fractionDigits)).\(fraction)"
    }
}
