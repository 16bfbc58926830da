internal import Gatekeeper

/// The service that runs by the configuration in question, as far as it matters to whoever only looks.
struct RunningService: Equatable, Sendable {
    var process: Int
    var listeners: [SocketAddress]

    private static let patienceMilliseconds = 3_000

    /// Asks at the control socket; nil when nobody answers there.
    static func find(at controlPath: String?) -> RunningService? {
        guard let controlPath else { return nil }
        do {
            return RunningService(try ControlClient(path: controlPath, timeoutMilliseconds: patienceMilliseconds).ask(.status).result)
        } catch {
            return nil
        }
    }

    init?(_ status: JSON) {
        guard let process = status["pid"]?.integer else { return nil }
        self.process = process
        listeners = (status["listeners"]?.texts ?? []).compactMap { try? SocketAddress(parsing: $0) }
    }

    /// Whether what holds this address may be the service's own listener.
    func holds(_ address: SocketAddress) -> Bool {
        listeners.contains { $0 == address }
    }
}
