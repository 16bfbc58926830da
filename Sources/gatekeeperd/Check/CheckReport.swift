/// What a check has found.
struct CheckReport: Equatable, Sendable {
    var findings: [Finding] = []
    /// What isn't wrong, but would look so to whoever checks by hand.
    var notes: [String] = []
    /// What the configuration amounts to: `2 sources, 1 listener`.
    var contents = ""
    /// As whom it was looked; nil where nobody said.
    var lookedAs: String?
    var isSaidAlways = false

    var errorCount: Int { findings.count { $0.severity == .error } }
    var warningCount: Int { findings.count - errorCount }
    var isFine: Bool { errorCount == 0 }

    /// One for each finding, then the summary.
    var lines: [String] {
        ConfigurationError(findings: findings).lines + notes.map { "note: \($0)" } + [summary]
    }

    var summary: String {
        let warnings = warningCount > 0 ? [Self.count(warningCount, "warning")] : []
        guard isFine else {
            let looked = isSaidAlways ? lookedAs.map { "; looked as \($0)" } ?? "" : ""
            return "configuration can't be used: \(([Self.count(errorCount, "error")] + warnings).joined(separator: ", "))\(looked)"
        }
        let looked = lookedAs.map { "; looked as \($0)" } ?? ""
        return "configuration is fine: \(([contents] + warnings).joined(separator: ", "))\(looked)"
    }

    /// Says who looked, and what to do about what he may not.
    mutating func take(_ onlooker: Onlooker) {
        lookedAs = onlooker.text
        // Root is refused nothing, so that what is wrong is wrong for everybody.
        isSaidAlways = !onlooker.isRoot
        guard let identity = onlooker.identity else { return }
        let unit = Origin.wholeFile(identity.unit ?? UnitFile.name)
        findings += identity.obstacles.map { .error(unit, $0) } + identity.doubts.map { .warning(unit, $0) }
        if findings.contains(where: { $0.severity == .error && $0.message.contains("cannot be read: Permission denied") }) {
            let group = AccountDatabase.groupName(of: identity.group) ?? "\(identity.group)"
            notes.append(
                "to let the user \(identity.user) read a file: chgrp \(group) FILE && chmod g+r FILE, and let it into the folders above (chmod o+x or g+x)"
            )
        }
    }

    static func count(_ number: Int, _ noun: String) -> String { Quantity.counted(number, noun) }
}

/// For scripts: names that stay.
extension CheckReport {
    var json: JSON {
        .object(
            of: ("ok", .boolean(isFine)), ("errors", .number(errorCount)), ("warnings", .number(warningCount)),
            ("looked_as", lookedAs.map(JSON.string)),
            ("findings", .array(findings.map(\.json))), ("notes", .strings(notes)), ("summary", .string(summary)))
    }
}

extension Finding {
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
