internal import Gatekeeper

/// Does the ticket system bind API keys to addresses? Then it must be told whose connections these are.
struct APIKeyExamination: Equatable, Sendable {
    var systems: [TicketSystem]
    /// What clients were answered of late; nil where no log can be read.
    var records: [AccessRecord]?

    /// Fewer refusals may be anybody's who tried.
    static let requestsMin = 20
    /// So many in a hundred are nearly all.
    private static let percentMin = 90

    var remarks: [Remark] {
        let remarks = systems.map(remark)
        // Where it is known why, it need not be guessed.
        return remarks.contains { $0.severity == .finding } ? remarks : remarks + refusals
    }

    private func remark(_ system: TicketSystem) -> Remark {
        for asked in system.answers.dropFirst() {
            guard let api = AddressBoundAPI.recognise(asked.answer) else { continue }
            let meaning = "\(api.title) \(api.meaning(for: system.ownAddress))"
            let admitted = (records ?? []).count { $0.path == asked.path && $0.isAdmission }
            guard admitted == 0 else {
                let requests = CheckReport.count(admitted, "request")
                return .ok(.apiKeys, "\(meaning); it has been told otherwise, for it admitted \(requests) to \(asked.path) of late")
            }
            return .finding(
                .apiKeys, "\(system.name) answers \(asked.answer.status) to GET \(asked.path): \(meaning)",
                advice: api.remedy(for: system.ownAddress))
        }
        if let obstacle = system.obstacle {
            return .unexamined(.apiKeys, "whether \(system.name) binds keys to addresses can't be asked: \(obstacle)")
        }
        return .ok(.apiKeys, "\(system.name) shows none of the APIs that are known to bind keys to addresses")
    }

    /// What all clients are told, whatever the ticket system is.
    private var refusals: [Remark] {
        let records = records ?? []
        let refused = records.count(where: \.isRefusal)
        guard records.count >= Self.requestsMin, refused * 100 >= records.count * Self.percentMin else { return [] }
        return [
            .finding(
                .apiKeys, "\(refused) of the last \(records.count) requests were answered 401 or 403 by the ticket system",
                advice: "look into its log: is the key wrong, or bound to the client's address? It sees this host's, and the client's in "
                    + "X-Forwarded-For")
        ]
    }
}
