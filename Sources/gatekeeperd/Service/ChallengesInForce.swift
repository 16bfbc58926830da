internal import Gatekeeper
internal import Glibc
internal import Synchronization

/// What authorities are shown at the moment: windows that people have opened, which close by themselves, and what our own orders need.
final class ChallengesInForce: TimedPart, ChallengeBoard {
    private struct State {
        var windows: [OpenedChallenge] = []
        var ordered: [PendingChallenge] = []
    }

    private let plane: any DataPlane
    private let state = Mutex(State())

    static let openMilliseconds = 10 * 60_000
    /// As many as a certificate has names.
    private static let windowsMax = 100
    /// On a machine that has one family alone.
    private static let pagesOfOneFamily = "0.0.0.0:80"

    init(on plane: any DataPlane) {
        self.plane = plane
    }

    var windows: [OpenedChallenge] { state.withLock { $0.windows } }

    // MARK: Windows for others

    /// Every worker knows when this returns. A second one for the same name takes the place of the first.
    func open(_ request: ChallengeRequest, by requester: Requester, at now: Moment) throws(ControlFailure) -> OpenedChallenge {
        let window = OpenedChallenge(
            name: request.name, digest: request.digest, since: now.wallTime,
            until: now.wallTime.advanced(byMilliseconds: Int64(Self.openMilliseconds)),
            endsAt: now.instant.advanced(byMilliseconds: Self.openMilliseconds), requester: requester)
        try state.withLock { (state) throws(ControlFailure) in
            guard !state.ordered.contains(where: { $0.name == window.name }) else {
                throw ControlFailure(.busy, "\(window.name) is just being ordered by the service itself; ask again when that is over")
            }
            var windows = state.windows.filter { $0.name != window.name }
            guard windows.count < Self.windowsMax else {
                throw ControlFailure(.busy, "\(Self.windowsMax) windows are open already; close one of them")
            }
            windows.append(window)
            try present(windows, state.ordered)
            state.windows = windows
        }
        plane.event(
            "challenge_opened",
            [JournalField("name", window.name), JournalField("by", "\(requester)"), JournalField("until", window.until.text)])
        return window
    }

    func close(_ name: String, by requester: Requester) throws(ControlFailure) -> OpenedChallenge {
        let window = try state.withLock { (state) throws(ControlFailure) in
            guard let window = state.windows.first(where: { $0.name == name }) else {
                let open = state.windows.isEmpty ? "none is open" : "open are \(state.windows.map(\.name).joined(separator: ", "))"
                throw ControlFailure(.missing, "no window is open for \(name); \(open)")
            }
            let left = state.windows.filter { $0.name != name }
            try present(left, state.ordered)
            state.windows = left
            return window
        }
        plane.event("challenge_closed", [JournalField("name", name), JournalField("by", "\(requester)")])
        return window
    }

    private func present(_ windows: [OpenedChallenge], _ ordered: [PendingChallenge]) throws(ControlFailure) {
        do throws(ServerError) {
            try show(windows, ordered)
        } catch {
            throw ControlFailure(.unavailable, error.advised)
        }
    }

    // MARK: Our own orders

    /// In place of those before. May be called from any thread.
    func show(_ ordered: [PendingChallenge]) throws(ServerError) {
        try state.withLock { (state) throws(ServerError) in
            // What can't be taken back ends by itself.
            if ordered.isEmpty { state.ordered = [] }
            try show(state.windows, ordered)
            state.ordered = ordered
        }
    }

    func clear() { try? show([]) }

    /// What is shown for a name twice is the last one.
    private func show(_ windows: [OpenedChallenge], _ ordered: [PendingChallenge]) throws(ServerError) {
        let challenges = windows.map(\.challenge) + ordered
        do throws(ServerError) {
            try plane.present(challenges, http: try? SocketAddress(parsing: AcmeSettings.pages))
        } catch {
            guard error.cause == .system(EAFNOSUPPORT) else { throw error }
            try plane.present(challenges, http: try? SocketAddress(parsing: Self.pagesOfOneFamily))
        }
    }

    // MARK: Time

    var next: DueTime? { state.withLock { $0.windows.map(\.endsAt).min() }.map { .instant($0) } }

    func pass(at now: Moment) {
        let ended = state.withLock { state in
            let ended = state.windows.filter { $0.endsAt <= now.instant }
            guard !ended.isEmpty else { return ended }
            state.windows.removeAll { $0.endsAt <= now.instant }
            // The window itself shows nothing any more whose end has come.
            try? show(state.windows, state.ordered)
            return ended
        }
        for window in ended {
            plane.event("challenge_closed", [JournalField("name", window.name), JournalField("by", "its end")])
        }
    }
}
