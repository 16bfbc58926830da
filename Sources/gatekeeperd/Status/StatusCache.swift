internal import Gatekeeper

/// Answers what readers ask, from an observation that is at most a second old.
///
/// However often somebody asks, the workers are asked once a second at most, and a page is written once for all who want it in that time.
final class StatusCache {
    static let ageMillisecondsMax = 1_000

    private var latest: Latest?

    private struct Latest {
        var staleAt: Instant
        var observation: Observation?
        var answers: [StatusResource: StatusAnswer] = [:]
    }

    func answer(_ resource: StatusResource, _ service: some ObservedService, at now: Instant, wallTime: WallTime) -> StatusAnswer {
        switch resource {
        case .health: Self.health(service)
        case .readiness: Self.readiness(service)
        case .page: Self.refreshing(observed(resource, service, now, wallTime))
        case .stillPage, .metrics, .json: observed(resource, service, now, wallTime)
        }
    }

    /// While draining workers end one by one, as they should.
    private static func health(_ service: some ObservedService) -> StatusAnswer {
        service.isDraining || service.isResponsive ? StatusAnswer(200, "ok") : StatusAnswer(503, "a worker does not answer")
    }

    private static func readiness(_ service: some ObservedService) -> StatusAnswer {
        if service.isDraining { return StatusAnswer(503, "draining") }
        if service.isLeaving { return StatusAnswer(503, "leaving") }
        guard service.isResponsive else { return StatusAnswer(503, "a worker does not answer") }
        return service.hasUpstream ? StatusAnswer(200, "ready") : StatusAnswer(503, "no upstream is up")
    }

    /// Who looks at the page sees when it is served again.
    private static func refreshing(_ answer: StatusAnswer) -> StatusAnswer {
        var answer = answer
        if answer.status != 200 { answer.fields += StatusPage.refresh }
        return answer
    }

    private func observed(
        _ resource: StatusResource, _ service: some ObservedService, _ now: Instant, _ wallTime: WallTime
    ) -> StatusAnswer {
        if service.isDraining { return StatusAnswer(503, "draining") }
        // Asking a worker that is stuck would wait for it.
        guard service.isResponsive else { return StatusAnswer(503, "a worker does not answer") }
        if latest.map({ $0.staleAt <= now }) ?? true {
            latest = Latest(staleAt: now.advanced(byMilliseconds: Self.ageMillisecondsMax), observation: service.observe(at: wallTime))
        }
        guard let observation = latest?.observation else { return StatusAnswer(503, "a worker does not answer") }
        if let answer = latest?.answers[resource] { return answer }
        let answer =
            switch resource {
            case .metrics: MetricsPage(observation).answer
            case .json: Self.json(observation)
            default:
                StatusPage(
                    observation, denials: service.recentDenials(at: wallTime), now: wallTime, zone: .system,
                    isStill: resource == .stillPage
                ).answer
            }
        latest?.answers[resource] = answer
        return answer
    }

    /// As the control socket answers, where there may be more sources than an observation has.
    private static func json(_ observation: Observation) -> StatusAnswer {
        var json = ConcealedValues.hide(in: observation.report.json)
        if case .object(var members) = json, let index = members.firstIndex(where: { $0.name == "sources_total" }) {
            members[index].value = .number(observation.sourceCount)
            json = .object(members)
        }
        return StatusAnswer(status: 200, contentType: "application/json", body: Array((json.text + "\n").utf8))
    }
}
