/// One thing to tell the admin about the configuration, as one line: `gatekeeper.yaml:7:5: allow: …`.
struct Diagnostic: Equatable, Sendable, CustomStringConvertible {
    enum Severity: Equatable, Sendable {
        /// The configuration can't be used.
        case error
        /// It can, but hardly means what it says.
        case warning
    }

    var severity: Severity
    var origin: Origin
    var message: String
    /// Of a file that isn't there (yet).
    var isAbsence = false

    var description: String {
        switch severity {
        case .error: "\(origin): \(message)"
        case .warning: "\(origin): warning: \(message)"
        }
    }

    static func error(_ origin: Origin, _ message: String) -> Diagnostic {
        Diagnostic(severity: .error, origin: origin, message: message)
    }

    /// An error in the value of the key `path`, which the message names unless the origin is the flag of that key.
    static func error(_ origin: Origin, at path: String, _ message: String) -> Diagnostic {
        Diagnostic(severity: .error, origin: origin, message: subject(origin, path) + message)
    }

    /// A file that can't be used.
    static func error(_ origin: Origin, at path: String, _ failure: FileFailure) -> Diagnostic {
        var diagnostic = error(origin, at: path, "\(failure)")
        diagnostic.isAbsence = failure.isAbsent
        return diagnostic
    }

    static func warning(_ origin: Origin, at path: String, _ message: String) -> Diagnostic {
        Diagnostic(severity: .warning, origin: origin, message: subject(origin, path) + message)
    }

    private static func subject(_ origin: Origin, _ path: String) -> String {
        if case .flag = origin { "" } else { "\(path): " }
    }
}
