/// What a first configuration says: the keys that every installation needs.
struct InitConfiguration: Equatable, Sendable {
    var listen: [String] = []
    var certificate: String?
    var key: String?
    /// The names of a certificate that is ordered, in place of files; empty where they aren't told yet, nil for files.
    var acme: [String]?
    /// Where the authority may write to.
    var contact: String?
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
        } + contradictions
    }

    /// What is right by itself.
    private var contradictions: [String] {
        var lines: [String] = []
        if acme != nil, certificate != nil || key != nil { lines.append("--acme: it is in place of --certificate and --key") }
        if acme == nil, contact != nil { lines.append("--contact: it belongs to --acme") }
        return lines
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
        guard acme == nil else { return completed }
        completed.certificate = certificate ?? "tls/fullchain.pem"
        completed.key = key ?? "tls/privkey.pem"
        return completed
    }
}
