/// The running service at one moment. What isn't known, or isn't there, is nil or empty and isn't shown.
struct StatusReport: Equatable, Sendable {
    var version = Version.current
    var processIdentifier: Int32?
    var startedAt: WallTime?
    var configuration: ConfigurationState?
    var listeners: [String] = []
    /// Where this is served to browsers.
    var statusPage: String?
    var isDraining = false
    var openConnections: Int?
    var admittedCount: UInt64?
    var deniedCount: UInt64?
    var requestCount: UInt64?
    /// `up` or `down` and since when.
    var shield: String?
    /// The most recently seen first; more than `sourcesMax` aren't shown.
    var sources: [Source] = []
    var certificates: [Certificate] = []
    var upstreams: [Upstream] = []
    var grants: [Grant] = []
    var pendingConfirmation: PendingConfirmation?
    /// What an admin should do something about: a ledger that can't be written, a watched file that can't be read.
    var problems: [String] = []

    static let sourcesMax = 1000

    struct ConfigurationState: Equatable, Sendable {
        var generation: UInt64
        var hash: String?
        var file: String?
        var loadedAt: WallTime?
    }

    struct Source: Equatable, Sendable {
        /// Address or network, as on the list.
        var address: String
        var label: String?
        /// `file:line`, `grant`, or the name of a preset.
        var origin: String?
        var lastSeenAt: WallTime?
        var openConnections: Int?
        var admittedCount: UInt64?
        var requestCount: UInt64?
        var until: WallTime?
    }

    struct Certificate: Equatable, Sendable {
        var file: String?
        var names: [String]
        var expiresAt: WallTime?
        /// SHA-256 of the leaf.
        var fingerprint: String?
    }

    struct Upstream: Equatable, Sendable {
        var url: String
        /// Nil while nothing is known of it.
        var isUp: Bool?
        var since: WallTime?
        var openConnections: Int?
        var failure: String?
    }

    struct PendingConfirmation: Equatable, Sendable {
        var file: String?
        var askedBy: Asker?
        var deadline: WallTime
    }

    func reply(at now: WallTime) -> ControlReply {
        ControlReply(result: json, text: StatusText(report: self, now: now).lines.joined(separator: "\n"))
    }
}
