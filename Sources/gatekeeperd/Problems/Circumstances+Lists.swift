/// Lists that change: what waits for a person, and what can't be looked at.
extension Circumstances {
    /// A vendor's page is away for an hour now and then.
    private static let patienceMilliseconds: Int64 = 86_400_000

    var listProblems: [Problem] {
        let store = listTrouble.map { trouble in
            [
                Problem(
                    .listFailed, trouble, cure: "make room there, or let the service's user read and write it; see `gatekeeperd lists`",
                    since: now)
            ]
        }
        return (store ?? []) + lists.flatMap { [proposed($0), failing($0)].compactMap(\.self) }
    }

    private func proposed(_ list: ListReport) -> Problem? {
        guard let proposal = list.proposal else { return nil }
        // Another proposal is another problem, and told anew.
        return Problem(
            .listChanged, of: "\(list.label) \(proposal.digest)",
            "what \(list.name) holds differs from what is admitted: \(proposal.difference)",
            cure: "compare it with what the vendor says; `\(list.acceptCommand) --digest \(proposal.digest)` takes it",
            since: proposal.since)
    }

    private func failing(_ list: ListReport) -> Problem? {
        guard let failure = list.failure else { return nil }
        guard failure.isRefusal || list.entries.isEmpty || now.milliseconds(since: failure.since) >= Self.patienceMilliseconds else {
            return nil
        }
        let stays = list.entries.isEmpty ? "nobody is admitted by it" : "what was admitted before stays"
        return Problem(
            .listFailed, of: list.label,
            "\(list.name) \(failure.isRefusal ? "holds what isn't taken" : "can't be looked at"): \(failure.reason); \(stays)",
            cure: list.isProposed
                ? "look at the page and at its line under allow; a reload looks again at once"
                : "look at the name's record and at this machine's name servers; a reload asks again at once",
            since: failure.since)
    }
}
