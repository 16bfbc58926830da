import Gatekeeper

@testable import gatekeeperd

/// A service that is as the test wants it, and counts how often it was looked at.
final class FakeObservedService: ObservedService {
    var isDraining = false
    var isResponsive = true
    var hasUpstream = true
    var observation: Observation? = Observation()
    var denialReport: DenialReport?
    private(set) var observations = 0
    private(set) var wrongTokens: [WrongTokens.Summary] = []

    func observe(at now: WallTime) -> Observation? {
        observations += 1
        return observation
    }

    func recentDenials(at now: WallTime) -> DenialReport? { denialReport }

    func report(_ wrongTokens: WrongTokens.Summary) { self.wrongTokens.append(wrongTokens) }
}
