/// One thing that an examination has to say.
struct ExaminationFinding: Equatable, Sendable {
    var examination: Examination
    var severity: Severity
    /// What was seen: a sentence without a full stop. May hold the words of others.
    var seen: String
    /// What to do about it, likewise.
    var advice: String?

    /// The words are a script's to rely on.
    enum Severity: String, CaseIterable, Sendable {
        case ok
        /// Worth to know; nothing is wrong as far as can be seen from here.
        case note
        /// Something is wrong.
        case wrong = "finding"
        /// Couldn't be looked at, so that nothing is known.
        case unexamined
    }

    static func ok(_ examination: Examination, _ seen: String) -> ExaminationFinding {
        ExaminationFinding(examination: examination, severity: .ok, seen: seen)
    }

    static func note(_ examination: Examination, _ seen: String, advice: String? = nil) -> ExaminationFinding {
        ExaminationFinding(examination: examination, severity: .note, seen: seen, advice: advice)
    }

    static func wrong(_ examination: Examination, _ seen: String, advice: String) -> ExaminationFinding {
        ExaminationFinding(examination: examination, severity: .wrong, seen: seen, advice: advice)
    }

    static func unexamined(_ examination: Examination, _ reason: String, advice: String? = nil) -> ExaminationFinding {
        ExaminationFinding(examination: examination, severity: .unexamined, seen: reason, advice: advice)
    }
}
