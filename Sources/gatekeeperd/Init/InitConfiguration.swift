/// What a first configuration says: the keys that every installation needs.
struct InitConfiguration: Equatable, Sendable {
    var listen: [String] = []
    var certificate: String?
    var key: String?
    var allow: [String] = []
    /// The vendor whose published addresses may connect as well.
    var preset: String?
    var upstream: String?
    /// Which ticket system that is.
    var ticketSystem: TicketSystemPreset?

    /// What is wrong with it, a line for each flag that could have said so.
    var mistakes: [String] {
        InitQuestion.allCases.compactMap { question in
            question.mistake(in: question.values(in: self)).map { "\(question.flag): \($0)" }
        }
    }

    /// What nothing says and nothing can be assumed of, likewise.
    var gaps: [String] {
        // Preset and addresses answer one question.
        InitQuestion.allCases.filter { $0 != .preset && !$0.isAnswered(by: self) }.map { question in
            question == .allow ? "--allow or --preset is missing: who may connect" : "\(question.flag) is missing: \(question.prompt)"
        }
    }

    /// The same configuration, with a usual value for what isn't said and has one.
    var completed: InitConfiguration {
        var completed = self
        for question in [InitQuestion.listen, .certificate, .key] where !question.isAnswered(by: self) {
            question.put([question.usual], into: &completed)
        }
        return completed
    }
}
