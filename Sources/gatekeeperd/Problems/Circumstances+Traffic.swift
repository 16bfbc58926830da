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
        } + upstreams.compactMap(transparencyProblem)
    }

    /// With `upstream.source: client`; what the first one met, and how many more there are.
    private func transparencyProblem(_ upstream: ServerStatus.Upstream) -> Problem? {
        guard let first = upstream.untransparent.first else { return nil }
        let (cause, cure) =
            switch first.outcome {
            case .notPermitted(let error):
                (
                    "that takes CAP_NET_RAW: \(error)",
                    "under systemd the drop-in gatekeeperd.service.d/transparent.conf gives it; then restart the service"
                )
            case .otherFamily:
                (
                    "it has no \(first.client.isIPv4 ? "IPv4" : "IPv6") address",
                    "give the ticket system one, or say upstream.proxy_protocol: v2 in place of source: client"
                )
            case .noWayBack, .answered, .noAnswer:
                (
                    "its answers to that address don't come back here",
                    "make this machine the ticket system's route to its clients, with the routes and rules that `gatekeeperd doctor` prints"
                )
            }
        let more = upstream.untransparent.count - 1
        let others = more > 0 ? ", nor from \(Quantity.counted(more, "more address", plural: "more addresses"))" : ""
        return Problem(
            .upstreamTransparent, of: upstream.name,
            "no connection to \(upstream.name) can come from \(first.client)\(others), so such requests are answered 502: \(cause)",
            cure: cure, since: WallTime(milliseconds: first.sinceMilliseconds))
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
