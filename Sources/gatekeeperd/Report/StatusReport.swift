/// The running service at one moment. What isn't known, or isn't there, is nil or empty and isn't shown.
struct StatusReport: Equatable, Sendable {
    var version = Version.current
    var processIdentifier: Int32?
    var startedAt: WallTime?
    /// By the monotonic clock: the calendar may have been set since.
    var uptimeMilliseconds: Int64?
    var configuration: ConfigurationState?
    var listeners: [String] = []
    /// Those of them whose address this machine hasn't got now.
    var absentListeners: [String] = []
    /// For people, in one line.
    var listenersText: String {
        listeners.map { absentListeners.contains($0) ? "\($0) (not an address of this machine now)" : $0 }.joined(separator: ", ")
    }
    /// Where this is served to browsers.
    var statusPage: String?
    var isDraining = false
    /// It still takes connections, and is about to drain.
    var isLeaving = false
    var openConnections: Int?
    var admittedCount: UInt64?
    var deniedCount: UInt64?
    var requestCount: UInt64?
    /// Requests that passed because routes are in shadow, since the start.
    var shadowRefusedCount: UInt64?
    /// `enforce` or `shadow`; nil without routes.
    var routesMode: String?
    var isLearning = false
    var shield: Shield?
    /// How many there may be of what is counted.
    var limits: Limits?
    /// Of admitted connections, the most frequent first.
    var tlsFailures: [TLSFailures] = []
    /// Each minute of the last 24 hours; empty where nobody counts.
    var day: [MinuteCounts?] = []
    /// Who was turned away within the last minutes, the latest first.
    var recentDenials: [RecentDenials.Source] = []
    /// To requests of each source that has had any, the latest first.
    var answers: [Answers] = []
    /// The most recently seen first; more than `sourcesMax` aren't shown.
    var sources: [Source] = []
    var certificates: [Certificate] = []
    /// Those of them that the service orders itself.
    var orders: [OrderReport.Certificate] = []
    var upstreams: [Upstream] = []
    var grants: [Grant] = []
    var lockdown: Lockdown?
    /// Those that change.
    var lists: [ListReport] = []
    var pendingConfirmation: PendingConfirmation?
    /// What an admin should do something about, the oldest first.
    var problems: [Problem] = []

    static let sourcesMax = 1000

    /// By the calendar where nothing better is known.
    func uptime(at now: WallTime) -> Int64? { uptimeMilliseconds ?? startedAt.map { now.milliseconds(since: $0) } }

    /// For people: `in shadow: 12 requests would have been refused`; nil where nothing is to be said.
    var routesText: String? {
        var parts: [String] = []
        if routesMode == "enforce" { parts.append("enforced") }
        if routesMode == "shadow" {
            let count = shadowRefusedCount ?? 0
            parts.append("in shadow, nothing is enforced: \(Quantity.counted(count, "request")) would have been refused")
        }
        if isLearning { parts.append("learning") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    struct ConfigurationState: Equatable, Sendable {
        var generation: UInt64
        var hash: String?
        var file: String?
        var loadedAt: WallTime?
    }

    /// Whether the kernel turns strangers away.
    struct Shield: Equatable, Sendable {
        /// `off`, `down`, `up`, `always` (`on_deny: drop`), `unavailable`.
        var state: String
        /// When it was raised or lowered.
        var since: WallTime?
        /// Packets, since the start.
        var droppedCount: UInt64 = 0
        /// The list is too long for the kernel's filter, so addresses between those listed reach the service, which turns them away.
        var isCoarse = false
        /// Why it can't be raised.
        var obstacle: String?

        /// For people: `up for 2m, 4711 packets dropped`.
        func text(at now: WallTime) -> String {
            var text =
                switch state {
                case "always": "always up (on_deny: drop)"
                case "lifted": "lifted while a certificate authority may come"
                default: state
                }
            if let obstacle { text += ": \(obstacle)" }
            if let since { text += " for \(TimeText.duration(milliseconds: now.milliseconds(since: since)))" }
            if droppedCount > 0 || state == "always" { text += ", \(droppedCount) \(droppedCount == 1 ? "packet" : "packets") dropped" }
            if isCoarse {
                text += ", coarse: the list is too long for the kernel, so neighbours of listed addresses are turned away here"
            }
            return text
        }
    }

    struct Source: Equatable, Sendable {
        /// Address or network, as on the list.
        var address: String
        var label: String?
        /// `file:line`, `grant`, or the name of a preset.
        var origin: String?
        /// Since when the configuration lists it; nil where it doesn't, or the list is too long to keep that.
        var listedAt: WallTime?
        /// Before this process, too, where that is kept.
        var lastSeenAt: WallTime?
        var openConnections: Int?
        var admittedCount: UInt64?
        var requestCount: UInt64?
        /// A lockdown is in the way.
        var isShutOut = false
        var until: WallTime?
    }

    struct Certificate: Equatable, Sendable {
        var file: String?
        var names: [String]
        var startsAt: WallTime?
        var expiresAt: WallTime?
        /// SHA-256 of the leaf.
        var fingerprint: String?

        /// Its end is near, or behind.
        func isEnding(at now: WallTime) -> Bool {
            guard let expiresAt else { return false }
            let lifetime = CertificateLifetime(start: startsAt ?? WallTime(milliseconds: 0), end: expiresAt)
            return lifetime.isOver(at: now) || lifetime.isEnding(at: now)
        }
    }

    struct Upstream: Equatable, Sendable {
        var url: String
        /// Nil while nothing is known of it.
        var isUp: Bool?
        var since: WallTime?
        var openConnections: Int?
        var connectionsMax: Int?
        var failure: String?
        var answers: Answers?
    }

    struct PendingConfirmation: Equatable, Sendable {
        var file: String?
        var askedBy: Requester?
        var deadline: WallTime
    }
}
