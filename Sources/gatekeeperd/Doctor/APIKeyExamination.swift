internal import Gatekeeper

/// Does the ticket system bind API keys to addresses? Then it must be told whose connections these are.
struct APIKeyExamination: Equatable, Sendable {
    var systems: [TicketSystem]
    /// What clients were answered of late; nil where no log can be read.
    var records: [AccessRecord]?
    /// Which ticket system the configuration says that it is.
    var preset: String?
    /// How connections show it the client's address themselves.
    var clientAddress = Settings.Upstream.ClientAddress()
    /// Whose keys are refused by the service's own account, which knows no paths.
    var problems: [ServiceState.Problem] = []

    /// Fewer refusals may be anybody's who tried.
    static let requestsMin = 20
    /// So many in a hundred are nearly all.
    private static let percentMin = 90

    var findings: [ExaminationFinding] {
        let findings = systems.map(finding)
        // Where it is known why, it need not be guessed.
        guard !findings.contains(where: { $0.severity == .wrong }) else { return findings }
        let refusals = refusals
        // What is refused isn't well, whatever a look from here says.
        return refusals.isEmpty ? findings : findings.filter { $0.severity != .ok } + refusals
    }

    private func finding(_ system: TicketSystem) -> ExaminationFinding {
        let seen = system.answers.dropFirst().compactMap { asked in AddressBoundAPI.recognise(asked.answer).map { (asked, $0) } }
        if let (asked, api) = seen.first(where: { !$1.isDirect($0.path) }) ?? seen.first { return bound(system, api, asked) }
        let unasked = "whether \(system.name) binds keys to addresses can't be asked"
        if let obstacle = system.obstacle { return .unexamined(.apiKeys, "\(unasked): \(obstacle)") }
        if UpstreamExamination.objection(to: system) != nil {
            return .unexamined(.apiKeys, "\(unasked) while it answers as is told under upstream")
        }
        if let api = AddressBoundAPI.named(preset) { return expected(system, api, by: "upstream.preset says \(api.title)") }
        if let api = AddressBoundAPI.all.first(where: { system.answers.map(\.answer).contains(where: $0.setsCookie) }) {
            return expected(system, api, by: "\(system.name) sets \(api.title)'s cookie")
        }
        let hint = preset == nil ? "; if it is osTicket or GLPI, say so by upstream.preset" : ""
        return .ok(.apiKeys, "\(system.name) shows none of the APIs that are known to bind keys to addresses\(hint)")
    }

    /// What we ask ourselves comes as this host, and clients as themselves.
    private var isShown: Bool { clientAddress != Settings.Upstream.ClientAddress() }

    // MARK: One that is known

    /// It is there: what clients are answered says how it was set up, for an answer to us doesn't.
    private func bound(_ system: TicketSystem, _ api: AddressBoundAPI, _ asked: TicketSystem.Answer) -> ExaminationFinding {
        let answers = KeyAnswers(records ?? [], of: api, at: asked.path)
        let words = api.words(for: system.ownAddress, shownBy: clientAddress)
        let (meaning, remedy) = (words.meaning, words.remedy)
        if let difference = answers.differenceText {
            return .wrong(.apiKeys, "\(system.name) \(difference)", advice: api.keyAdvice ?? remedy)
        }
        if answers.endWell {
            return .ok(.apiKeys, "\(meaning); \(answers.admittedText) to \(asked.path): \(words.admission)")
        }
        var seen = "\(system.name) answers \(asked.answer.status) to GET \(asked.path)"
        if let client = system.client, !isShown { seen += " for \(client)" }
        if api.isDirect(asked.path), let folder = api.folder(of: asked.path), let path = api.paths.first.map({ folder + $0 }),
            let other = system.answers.first(where: { $0.path == path })
        {
            return .wrong(
                .apiKeys, "\(seen) as \(api.title) does, and \(other.answer.status) to GET \(path)\(answers.troubleText)",
                advice: api.ruleAdvice)
        }
        seen += ": \(meaning)\(answers.troubleText)"
        let advice = api.keyAdvice.map { key in words.mistake.map { "\(key). \($0): \(remedy)" } ?? key } ?? remedy
        if let problem = problems.first, answers.latest.isEmpty {
            return .wrong(.apiKeys, "\(seen); \(problem.text)", advice: advice)
        }
        guard answers.latest.isEmpty, isShown || !api.provesRefusal else { return .wrong(.apiKeys, seen, advice: advice) }
        let unseen =
            records == nil ? "what clients are answered isn't known: the log is no file, or not in JSON" : "nobody has asked of late"
        guard let doubt = words.doubt else { return .ok(.apiKeys, "\(seen); whether keys are right, GET doesn't show, and \(unseen)") }
        return .note(.apiKeys, "\(seen). \(doubt), and \(unseen)", advice: "unless that is done, \(remedy)")
    }

    // MARK: One that ought to be there

    /// The configuration says that it is there, or its pages do, and its API doesn't answer as itself.
    private func expected(_ system: TicketSystem, _ api: AddressBoundAPI, by evidence: String) -> ExaminationFinding {
        let asked = system.answers.dropFirst().filter { api.folder(of: $0.path) != nil }
        if let welcome = asked.first(where: { api.welcomes($0.answer) }) {
            let client = system.client.map { "\($0)" } ?? "a client"
            return .ok(.apiKeys, "\(api.title) answers to GET \(welcome.path), and doesn't mind the address of \(client)")
        }
        let answers = KeyAnswers(records ?? [], of: api)
        if answers.endWell { return .ok(.apiKeys, "\(api.title) isn't to be seen by GET; \(answers.admittedText)") }
        let told = asked.filter { !api.isDirect($0.path) }.map { "GET \($0.path) is answered \($0.answer.status)" }
        return .wrong(
            .apiKeys, "\(evidence), and \(told.joined(separator: ", "))\(answers.troubleText)", advice: api.absenceAdvice)
    }

    // MARK: Any other

    /// What clients are told of late, whatever the ticket system is: at each path, and, where paths differ from one request to the next, by
    /// all together.
    private var refusals: [ExaminationFinding] {
        let records = records ?? []
        var paths: [String] = []
        for record in records.reversed() where record.isRefusal && !paths.contains(record.path) && paths.count < Self.pathsMax {
            paths.append(record.path)
        }
        let refusing = paths.filter { path in
            let latest = records.filter { $0.path == path && ($0.isSuccess || $0.isRefusal) }.suffix(AccessRecord.latestCount)
            return latest.count == AccessRecord.latestCount && latest.allSatisfy(\.isRefusal)
        }
        let recent = records.suffix(Self.requestsMin)
        let refused = recent.count(where: \.isRefusal)
        let seen: String
        if !refusing.isEmpty {
            seen =
                "each of the last \(AccessRecord.latestCount) requests to \(refusing.map(PeerWords.quoted).joined(separator: ", ")) was answered "
                + "401 or 403 by the ticket system"
        } else if recent.count >= Self.requestsMin, refused * 100 >= recent.count * Self.percentMin {
            seen = "\(refused) of the last \(recent.count) requests were answered 401 or 403 by the ticket system"
        } else {
            return []
        }
        return [
            .wrong(
                .apiKeys, seen,
                advice: "look into its log: is the key wrong, or bound to the client's address? It sees "
                    + (isShown ? "the client's, by the connection" : "this host's, and the client's in X-Forwarded-For"))
        ]
    }

    private static let pathsMax = 8
}
