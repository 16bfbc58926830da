internal import Gatekeeper

/// What goes wrong between the clients of the list and the ticket systems.
extension Circumstances {
    var upstreamProblems: [Problem] {
        upstreams.filter { !$0.isUp }.map { upstream in
            let reason = upstream.reason.map { ": \($0)" } ?? ""
            return Problem(
                .upstreamDown, of: upstream.name, "the ticket system \(upstream.name) does not answer\(reason)",
                cure: "see whether it runs and can be reached from here; the guide's page on troubles explains the word",
                since: upstream.downSinceMilliseconds.map { WallTime(milliseconds: $0) } ?? now)
        }
    }

    var sourceProblems: [Problem] { answers.compactMap(problem) + limited.map(problem) }

    private func problem(_ run: AnswerRuns.Run) -> Problem? {
        guard run.count >= AnswerRuns.countMin else { return nil }
        // That one is told already. While another one answers, it is the one that fails.
        if run.kind == .failing, !upstreams.isEmpty, upstreams.allSatisfy({ !$0.isUp }) { return nil }
        let since = WallTime(milliseconds: run.sinceMilliseconds)
        let whose = "each of the last \(run.count) requests of \(run.name)"
        switch run.kind {
        case .unauthorized:
            return Problem(
                .requestsUnauthorized, of: run.name, "\(whose) was answered \(run.status) by the ticket system",
                cure: "see whether the vendor's key still exists there and is active, and whether it is bound to another address; "
                    + "under api_keys `gatekeeperd doctor` says what can be seen of that", since: since)
        case .failing:
            return Problem(
                .requestsFailing, of: run.name, "\(whose) was answered \(run.status) by the ticket system",
                cure: "look into the ticket system's own log; `gatekeeperd doctor` asks it from here", since: since)
        case .refused:
            return Problem(
                .requestsRefused, of: run.name, "\(whose) was refused here, the last one with \(run.status)",
                cure: "the `refused` lines of the log have the reason, and the guide's page on troubles what to do about it", since: since)
        }
    }

    private func problem(_ source: LimitedSources.Source) -> Problem {
        Problem(
            .sourceLimited, of: "\(source.name) \(source.reason)",
            "\(source.name) is on the allow-list and was turned away \(source.count) times within \(LimitedSources.spanText) "
                + "(\(source.reason))", cure: source.cure, since: source.since)
    }
}
