/// What a check has found.
struct CheckReport: Equatable, Sendable {
    var findings: [Diagnostic] = []
    /// What isn't wrong, but would look so to whoever checks by hand.
    var notes: [String] = []
    /// What the configuration amounts to: `2 sources, 1 listener`.
    var contents = ""

    var errorCount: Int { findings.count { $0.severity == .error } }
    var warningCount: Int { findings.count - errorCount }
    var isFine: Bool { errorCount == 0 }

    /// One for each finding, then the summary.
    var lines: [String] {
        ConfigurationError(diagnostics: findings).lines + notes.map { "note: \($0)" } + [summary]
    }

    var summary: String {
        let warnings = warningCount > 0 ? [Self.count(warningCount, "warning")] : []
        guard isFine else {
            return "configuration can't be used: \(([Self.count(errorCount, "error")] + warnings).joined(separator: ", "))"
        }
        return "configuration is fine: \(([contents] + warnings).joined(separator: ", "))"
    }

    static func count(_ number: Int, _ noun: String) -> String { number == 1 ? "1 \(noun)" : "\(number) \(noun)s" }
}

/// For scripts: names that stay.
extension CheckReport {
    var json: JSON {
        .object(
            of: ("ok", .boolean(isFine)), ("errors", .number(errorCount)), ("warnings", .number(warningCount)),
            ("findings", .array(findings.map(\.json))), ("notes", .strings(notes)), ("summary", .string(summary)))
    }
}

extension Diagnostic {
    fileprivate var json: JSON {
        .object(of: [("severity", .string(severity == .error ? "error" : "warning"))] + origin.members + [("message", .string(message))])
    }
}

extension Origin {
    /// `file`, `line` and `column`, or the `flag`.
    var members: [(name: String, value: JSON?)] {
        switch self {
        case .file(let path, let position):
            [("file", .string(path)), ("line", .number(position.line)), ("column", .number(position.column))]
        case .wholeFile(let path): [("file", .string(path))]
        case .flag(let name): [("flag", .string(name))]
        case .commandLine: []
        }
    }
}
