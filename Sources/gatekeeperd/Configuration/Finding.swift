/// One thing to tell the admin about the configuration, as one line: `gatekeeper.yaml:7:5: allow: …`.
struct Finding: Equatable, Sendable, CustomStringConvertible {
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
    /// Nothing in the message is a value, or comes from one.
    var showsNoValue = false

    var description: String {
        switch severity {
        case .error: ConcealedValues.hide(in: "\(origin): \(message)")
        case .warning: ConcealedValues.hide(in: "\(origin): warning: \(message)")
        }
    }

    static func error(_ origin: Origin, _ message: String) -> Finding {
        Finding(severity: .error, origin: origin, message: message)
    }

    /// An error in the value of the key `path`, which the message names unless the origin is the flag of that key.
    static func error(_ origin: Origin, at path: String, _ message: String) -> Finding {
        Finding(severity: .error, origin: origin, message: subject(origin, path) + message)
    }

    /// A file that can't be used.
    ///
    /// - Parameter name: what messages call it, in the place of its path.
    static func error(_ origin: Origin, at path: String, _ failure: FileFailure, called name: String? = nil) -> Finding {
        var finding = error(origin, at: path, "\(name ?? failure.path) \(failure.problem)").withoutValues
        finding.isAbsence = failure.isAbsent
        return finding
    }

    static func warning(_ origin: Origin, _ message: String) -> Finding {
        Finding(severity: .warning, origin: origin, message: message)
    }

    static func warning(_ origin: Origin, at path: String, _ message: String) -> Finding {
        Finding(severity: .warning, origin: origin, message: subject(origin, path) + message)
    }

    /// The same about a value that came by `${NAME}`, of which nothing may be shown.
    ///
    /// - Parameter written: what stands in the file.
    func concealing(_ written: String, at path: String, form: String) -> Finding {
        guard !showsNoValue else { return self }
        var concealing = self
        concealing.message = Self.subject(origin, path) + Self.concealed(written, form: form)
        return concealing
    }

    /// What to do about a value that can't be shown.
    static func concealed(_ written: String, form: String) -> String {
        "what \(Quantity.quoted(written)) stands for can't be used, and isn't shown because it comes from the environment; needed is \(form)"
    }

    /// That nothing in it is a value.
    var withoutValues: Finding {
        var finding = self
        finding.showsNoValue = true
        return finding
    }

    private static func subject(_ origin: Origin, _ path: String) -> String {
        if case .flag = origin { "" } else { "\(path): " }
    }
}
