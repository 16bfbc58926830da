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
    /// By which clients know the door. The certificate must be for it.
    var name: String?
    /// Of the ticket system's certificate, in base64: it is trusted by its key.
    var pin: String?

    /// What is wrong with it, a line for each flag that could have said so.
    var mistakes: [String] {
        InitQuestion.allCases.compactMap { question in
            question.mistake(in: question.values(in: self)).map { "\(question.flag): \($0)" }
        }
    }

    /// What nothing says and nothing can be assumed of, likewise.
    var gaps: [String] {
        // Preset and addresses answer one question.
        InitQuestion.allCases.filter { $0 != .preset && !$0.isOptional && !$0.isAnswered(by: self) }.map { question in
            question == .allow ? "--allow or --preset is missing: who may connect" : "\(question.flag) is missing: \(question.subject)"
        }
    }

    /// The same configuration, with a usual value for what isn't said and has one.
    var completed: InitConfiguration {
        var completed = self
        // What scripts rely on, whatever a conversation proposes.
        if listen.isEmpty { completed.listen = ["0.0.0.0:443"] }
        completed.certificate = certificate ?? "tls/fullchain.pem"
        completed.key = key ?? "tls/privkey.pem"
        return completed
    }
}
