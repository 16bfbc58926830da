/// What a monitoring system is told: one of four states, a line with numbers behind it, and lines of detail.
///
/// The form is that of the Monitoring Plugins' guidelines, which Nagios, Icinga, Checkmk, PRTG and Zabbix' agent read: `|` parts the text from
/// the numbers, and the exit status is the state.
struct NagiosReport: Equatable, Sendable {
    enum State: Int32, Sendable {
        case ok = 0
        case warning = 1
        case critical = 2
        case unknown = 3

        var word: String {
            switch self {
            case .ok: "OK"
            case .warning: "WARNING"
            case .critical: "CRITICAL"
            case .unknown: "UNKNOWN"
            }
        }
    }

    /// One number: `'label'=value[UOM];[warn];[crit];[min];[max]`.
    struct Figure: Equatable, Sendable {
        var label: String
        var value: Int64
        /// `s` for seconds, `c` for what only grows, else nothing.
        var unit = ""
        /// The ranges that are well, as the guidelines write them.
        var warning = ""
        var critical = ""
        var min: Int64? = 0
        var max: Int64?

        var text: String {
            let parts = ["\(value)\(unit)", warning, critical, min.map { "\($0)" } ?? "", max.map { "\($0)" } ?? ""]
            var text = parts.joined(separator: ";")
            while text.hasSuffix(";") { text.removeLast() }
            return "\(label)=\(text)"
        }
    }

    var state: State
    var summary: String
    var figures: [Figure] = []
    var details: [String] = []

    /// Nagios reads 4 KiB in all where it is old.
    private static let summaryCharactersMax = 400
    private static let detailCharactersMax = 300
    private static let detailsMax = 10

    init(_ state: State, _ summary: String, figures: [Figure] = [], details: [String] = []) {
        self.state = state
        self.summary = summary
        self.figures = figures
        self.details = details
    }

    /// Without the newline of its last line.
    var text: String {
        let numbers = figures.isEmpty ? "" : " | " + figures.map(\.text).joined(separator: " ")
        let first = "GATEKEEPER \(state.word) - \(Self.plain(summary, charactersMax: Self.summaryCharactersMax))\(numbers)"
        let rest = details.count - Self.detailsMax
        return
            ([first] + details.prefix(Self.detailsMax).map { Self.plain($0, charactersMax: Self.detailCharactersMax) }
            + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n")
    }

    /// Text that can neither begin the numbers nor another line.
    private static func plain(_ text: String, charactersMax: Int) -> String {
        var plain = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "|": plain += "/"
            case "\u{0}"..<"\u{20}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}": plain += " "
            default: plain.unicodeScalars.append(scalar)
            }
        }
        return plain.count > charactersMax ? plain.prefix(charactersMax - 1) + "…" : plain
    }
}
