/// A configuration that can't be used: all its mistakes at once, in the order of the file.
struct ConfigurationError: Error {
    /// A file of garbage is a thousand mistakes, and nobody reads them.
    static let linesMax = 100

    /// At least one error; warnings among them.
    var findings: [Finding]

    /// Nothing is wrong but that files aren't there: another try may find them.
    var isAbsenceAlone: Bool { findings.allSatisfy { $0.severity == .warning || $0.isAbsence } }

    /// What to print, a line for each, cut after `linesMax`.
    var lines: [String] {
        let lines = findings.prefix(Self.linesMax).map(\.description)
        let rest = findings.count - lines.count
        return rest > 0 ? lines + ["… and \(rest) more"] : lines
    }
}

extension ConfigurationError {
    /// The same mistakes in a file that is called otherwise.
    func renaming(_ path: String, to name: String) -> ConfigurationError {
        ConfigurationError(
            findings: findings.map { finding in
                var finding = finding
                switch finding.origin {
                case .file(path, let position): finding.origin = .file(name, position)
                case .wholeFile(path): finding.origin = .wholeFile(name)
                case .file, .wholeFile, .flag, .commandLine: break
                }
                return finding
            })
    }
}
